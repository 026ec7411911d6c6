'use strict';
const { once } = require('node:events');
const { connect } = require('node:net');

/** Far longer than the slowest answer of a busy machine. */
const SILENCE_MS = 30_000;

/**
 * Sends requests over keep-alive connections, the next one as soon as an answer is in, until the time is up and every
 * answer is back. On plain sockets: a load generator that costs more than the server would measure itself.
 *
 * @param turn of the token to begin behind. A rotation goes on where the server's last load ended: one that began anywhere would
 *   bring tokens again that caches still hold.
 * @returns the latencies of all answers in microseconds, and the turn of the last token
 * @throws where an answer is not 200: a refused token must not count as a fast one
 */
async function load({ port, connections, header, tokens, durationMs, turn }) {
  const latencies = [];
  const endsAt = performance.now() + durationMs;
  let last = turn;

  const drive = async () => {
    const socket = connect(port, '127.0.0.1').setNoDelay().setEncoding('latin1');
    // A server that hangs must end the run, and not hang it too.
    socket.setTimeout(SILENCE_MS, () => socket.destroy(new Error(`No answer for ${SILENCE_MS} ms.`)));
    await once(socket, 'connect');
    await new Promise((resolve, reject) => {
      let sentAt;
      let answer = '';
      const send = () => {
        if (performance.now() >= endsAt) return resolve();
        last = (last + 1) % tokens.length;
        answer = '';
        sentAt = performance.now();
        socket.write(requestText(header, tokens[last], last));
      };
      socket.on('error', reject).on('close', () => reject(new Error('The server hung up.')));
      socket.on('data', (chunk) => {
        answer += chunk;
        if (!isWhole(answer)) return;
        if (!answer.startsWith('HTTP/1.1 200')) return reject(new Error(`Answered: ${answer}`));
        latencies.push((performance.now() - sentAt) * 1000);
        send();
      });
      send();
    });
    socket.removeAllListeners('close').destroy();
  };
  await Promise.all(Array.from({ length: connections }, drive));
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
