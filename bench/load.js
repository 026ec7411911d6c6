'use strict';
const { once } = require('node:events');
const { connect } = require('node:net');

/** Far longer than the slowest answer of a busy machine. */
const SILENCE_MS = 30_000;

/** A keep-alive connection: `ask(text, answered)` sends a request and gives its answer, one at a time. */
async function openClient(port, failed) {
  const socket = connect(port, '127.0.0.1').setNoDelay().setEncoding('latin1');
  // A server that hangs must end the run, and not hang it too.
  socket.setTimeout(SILENCE_MS, () => socket.destroy(new Error(`No answer for ${SILENCE_MS} ms.`)));
  await once(socket, 'connect');
  let answer = '';
  let answered;
  const hungUp = () => failed(new Error('The server hung up.'));
  socket.on('error', failed).on('close', hungUp);
  socket.on('data', (chunk) => {
    answer += chunk;
    if (!isWhole(answer)) return;
    if (!answer.startsWith('HTTP/1.1 200')) return failed(new Error(`Answered: ${answer}`));
    answered();
  });
  const ask = (text, done) => {
    answer = '';
    answered = done;
    socket.write(text);
  };
  return { ask, close: () => socket.off('close', hungUp).destroy() };
}

/**
 * Sends requests over keep-alive connections, the next one as soon as an answer is in, until the time is up and every
 * answer is back. On plain sockets: a load generator that costs more than the server would measure itself.
 *
 * Each connection has had an answer before anything counts: Node takes new ones one at a time, between requests, and how
 * long the last of them waits for that is no latency of a request.
 *
 * @param begin called, and waited for, when all is ready
 * @param turn of the token to begin behind. A rotation goes on where the server's last load ended: one that began anywhere would
 *   bring tokens again that caches still hold.
 * @returns the latencies of all answers in microseconds, and the turn of the last token
 * @throws where an answer is not 200: a refused token must not count as a fast one
 */
async function load({ port, connections, header, tokens, durationMs, turn, begin }) {
  let fail;
  const failure = new Promise((_resolve, reject) => (fail = reject));
  const all = (works) => Promise.race([Promise.all(works), failure]);
  const latencies = [];
  let last = turn;
  const nextText = () => {
    last = (last + 1) % tokens.length;
    return requestText(header, tokens[last], last);
  };
  const clients = await all(Array.from({ length: connections }, () => openClient(port, fail)));
  try {
    await all(clients.map(({ ask }) => new Promise((answered) => ask(nextText(), answered))));
    await begin();
    const endsAt = performance.now() + durationMs;
    const drive = (ask, done) => {
      const sentAt = performance.now();
      if (sentAt >= endsAt) return done();
      ask(nextText(), () => {
        latencies.push((performance.now() - sentAt) * 1000);
        drive(ask, done);
      });
    };
    await all(clients.map(({ ask }) => new Promise((done) => drive(ask, done))));
  } finally {
    for (const { close } of clients) close();
  }
  return { latencies, turn: last };
}

/** What a gateway and IIS leave of a browser's request. */
function requestText(header, token, number) {
  const value = header === 'Authorization' ? `Bearer ${token}` : token;
  return [
    `GET /invoices/${number % 1000} HTTP/1.1`,
    'Host: invoices.example.internal',
    'User-Agent: Mozilla/5.0 (Windows NT 10.0; Win64; x64)',
    'Accept: application/json',
    'X-Forwarded-For: 203.0.113.7',
    `X-Correlation-Id: JjvfHjqAjoEEP${number}=`,
    `${header}: ${value}`,
    '\r\n',
  ].join('\r\n');
}

function isWhole(answer) {
  const headEnd = answer.indexOf('\r\n\r\n');
  if (headEnd < 0) return false;
  const [, length] = /\r\ncontent-length: (\d+)/i.exec(answer) ?? [];
  return answer.length >= headEnd + 4 + Number(length);
}

module.exports = { isWhole, load, requestText };
