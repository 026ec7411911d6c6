import diagnostics from 'node:diagnostics_channel';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { hostList } from '../../src/correlation/host-list';
import { createFetch, type CreateFetchOptions } from '../../src/index';
import { asCaller } from '../support/as-caller';
import { codeOf } from '../support/errors';
import { inSpan, useOpenTelemetry } from '../support/otel';

const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736';

describe('the list of hosts', () => {
  const rows: readonly (readonly [string, string, boolean])[] = [
    ['stock.example.com', 'https://stock.example.com/items/7', true],
    ['stock.example.com', 'http://stock.example.com/', true],
    ['Stock.Example.COM', 'https://stock.example.com/', true],
    ['stock.example.com', 'https://STOCK.example.com/', true],
    ['stock.example.com', 'https://stock.example.com./', true],
    ['stock.example.com.', 'https://stock.example.com/', true],
    ['stock.example.com', 'https://stock.example.com../', false],
    ['stock.example.com', 'https://stock.example.com:443/', true],
    ['stock.example.com', 'https://stock.example.com:8443/', false],
    ['stock.example.com', 'https://stock.example.com:80/', false],
    ['stock.example.com:8443', 'https://stock.example.com:8443/', true],
    ['stock.example.com:8443', 'https://stock.example.com/', false],
    ['stock.example.com:443', 'https://stock.example.com/', true],
    ['stock.example.com:443', 'http://stock.example.com/', false],
    ['stock.example.com:80', 'http://stock.example.com/', true],
    ['stock.example.com', 'https://evil.example/stock.example.com', false],
    ['stock.example.com', 'https://stock.example.com.evil.example/', false],
    ['stock.example.com', 'https://evilstock.example.com/', false],
    ['stock.example.com', 'https://x.stock.example.com/', false],
    ['stock.example.com', 'https://stock.example.com@evil.example/', false],
    ['stock.example.com', 'https://evil.example#@stock.example.com/', false],
    ['stock.example.com', 'https://evil.example\\@stock.example.com/', false],
    ['stock.example.com', 'ftp://stock.example.com/', false],
    ['*.example.com', 'https://a.example.com/', true],
    ['*.example.com', 'https://b.a.example.com/', true],
    ['*.example.com', 'https://example.com/', false],
    ['*.example.com', 'https://aexample.com/', false],
    ['*.example.com:8443', 'https://a.example.com:8443/', true],
    ['bücher.example', 'https://xn--bcher-kva.example/', true],
    ['xn--bcher-kva.example', 'https://BÜCHER.example/', true],
    ['bucher.example', 'https://bücher.example/', false],
    // A full-width letter and a dot of East Asia: the same host to a resolver.
    ['stock.example.com', 'https://ｓtock.example。com/', true],
    ['[::1]', 'http://[::1]/', true],
    ['[::1]', 'http://[0:0:0:0:0:0:0:1]/', true],
    ['[::1]:8080', 'http://[::1]:8080/', true],
    ['[::1]', 'http://[::1]:8080/', false],
    ['[2001:DB8::1]', 'https://[2001:db8:0::1]/', true],
    ['127.0.0.1', 'http://127.1/', true],
    ['127.0.0.1', 'http://0x7f000001/', true],
    ['127.0.0.1', 'http://[::ffff:127.0.0.1]/', false],
  ];
  it.each(rows)('%s and %s: %s', (entry, url, expected) => {
    expect(hostList('test', ['other.example', entry])(new URL(url))).toBe(expected);
  });

  it('that is empty holds nobody', () => {
    expect(hostList('test', [])(new URL('https://example.com/'))).toBe(false);
  });

  it.each([
    'https://example.com',
    'example.com/path',
    'user@example.com',
    'user:pw@example.com',
    '*',
    '*.com',
    '*.127.0.0.1',
    '*.[::1]',
    'a.*.example.com',
    '::1',
    'example.com:99999',
    'exam ple.com',
    '',
    7,
    undefined,
  ])('does not take %j', async (entry) => {
    expect(await codeOf(() => createFetch({ hosts: [entry as string] }))).toBe('option_invalid');
  });
});

interface Seen {
  readonly method: string | undefined;
  readonly url: string | undefined;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

/** A server that keeps what it was sent. */
interface Host {
  readonly origin: string;
  readonly host: string;
  readonly seen: Seen[];
  answer: (res: ServerResponse) => void;
}

const servers: Server[] = [];
afterEach(async () => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
});

async function startHost(): Promise<Host> {
  const seen: Seen[] = [];
  const server = createServer((req, res) => {
    let body = '';
    req.setEncoding('utf8').on('data', (chunk: string) => (body += chunk));
    req.on('end', () => {
      seen.push({ method: req.method, url: req.url, headers: req.headers, body });
      started.answer(res);
    });
  });
  servers.push(server);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  const started: Host = { origin: `http://${host}`, host, seen, answer: (res) => res.end('ok') };
  return started;
}

const redirect =
  (location: string, status = 302) =>
  (res: ServerResponse): void =>
    void res.writeHead(status, { Location: location }).end('gone');

const carried = ({ headers }: Seen): unknown[] => [
  headers['x-correlation-id'],
  headers.traceparent?.slice(0, 35),
  headers['x-amzn-trace-id']?.slice(0, 44),
];
const OURS = ['c-1', `00-${TRACE}`, `Root=1-${TRACE.slice(0, 8)}-${TRACE.slice(8)};Paren`.slice(0, 44)];
const NOTHING = [undefined, undefined, undefined];

/** Calls in the context of a request. */
function call(options: CreateFetchOptions, ...args: Parameters<typeof fetch>): Promise<Response> {
  const batonFetch = createFetch(options);
  return asCaller({ context: { correlationId: 'c-1', traceId: TRACE, sampled: true } }, () => batonFetch(...args));
}

describe('createFetch()', () => {
  it('carries the headers to a host on the list, beside the call’s own', async () => {
    const listed = await startHost();
    const response = await call({ hosts: [listed.host] }, `${listed.origin}/items?q=1`, {
      method: 'POST',
      headers: { 'X-Own': '1', 'X-Correlation-Id': 'of-yesterday' },
      body: 'text',
    });
    expect([response.status, response.redirected, await response.text()]).toEqual([200, false, 'ok']);
    expect(listed.seen).toEqual([
      expect.objectContaining({
        method: 'POST',
        url: '/items?q=1',
        body: 'text',
        headers: expect.objectContaining({ 'x-own': '1' }),
      }),
    ]);
    expect(carried(listed.seen[0]!)).toEqual(OURS);
  });

  it('takes a Request, too', async () => {
    const listed = await startHost();
    const request = new Request(`${listed.origin}/a`, { method: 'PUT', headers: { 'X-Own': '1' }, body: 'text' });
    expect((await call({ hosts: [listed.host] }, request)).status).toBe(200);
    expect(listed.seen).toEqual([expect.objectContaining({ method: 'PUT', body: 'text' })]);
    expect(listed.seen[0]?.headers).toMatchObject({ 'x-own': '1', 'x-correlation-id': 'c-1' });
  });

  it('keeps them from every other host, even where the call set them', async () => {
    const [listed, other] = [await startHost(), await startHost()];
    const headers = {
      'X-Correlation-Id': 'c-1',
      Traceparent: 'x',
      tracestate: 'x',
      'x-amzn-trace-id': 'x',
      'X-Own': '1',
    };
    await call({ hosts: [listed.host] }, other.origin, { headers });
    expect(carried(other.seen[0]!)).toEqual(NOTHING);
    expect(other.seen[0]?.headers).toMatchObject({ 'x-own': '1' });
    expect(other.seen[0]?.headers.tracestate).toBeUndefined();
  });

  it('carries nothing outside of a request', async () => {
    const listed = await startHost();
    await createFetch({ hosts: [listed.host] })(listed.origin);
    expect(carried(listed.seen[0]!)).toEqual(NOTHING);
  });

  it('drops them, and credentials, where a redirect leads to another host', async () => {
    const [listed, other] = [await startHost(), await startHost()];
    listed.answer = redirect(`${other.origin}/b`);
    const headers = { Authorization: 'Bearer x', Cookie: 'a=b', 'X-Own': '1' };
    const response = await call({ hosts: [listed.host] }, `${listed.origin}/a`, { headers });
    expect([response.redirected, response.url, await response.text()]).toEqual([true, `${other.origin}/b`, 'ok']);
    expect(carried(listed.seen[0]!)).toEqual(OURS);
    expect(carried(other.seen[0]!)).toEqual(NOTHING);
    expect(other.seen[0]?.headers).toMatchObject({ 'x-own': '1' });
    expect([other.seen[0]?.headers.authorization, other.seen[0]?.headers.cookie]).toEqual([undefined, undefined]);
  });

  it('carries them again where it comes back', async () => {
    const [listed, other] = [await startHost(), await startHost()];
    other.answer = redirect(`${listed.origin}/b`);
    await call({ hosts: [listed.host] }, other.origin);
    expect(carried(other.seen[0]!)).toEqual(NOTHING);
    expect(carried(listed.seen[0]!)).toEqual(OURS);
  });

  it.each([
    [301, 'POST', 'GET', ''],
    [302, 'POST', 'GET', ''],
    [302, 'PUT', 'PUT', 'text'],
    [303, 'PUT', 'GET', ''],
    [307, 'POST', 'POST', 'text'],
    [308, 'PUT', 'PUT', 'text'],
  ])('does as fetch does: %i after %s is %s', async (status, method, then, body) => {
    const [first, own] = [await startHost(), await startHost()];
    for (const host of [first, own])
      host.answer = (res) => (host.seen.length === 1 ? redirect('/next?x=1', status)(res) : res.end('ok'));
    const init = { method, body: 'text' };
    await call({ hosts: [own.host] }, `${own.origin}/a/b`, init);
    await fetch(`${first.origin}/a/b`, init);
    expect(own.seen[1]).toMatchObject({ method: then, url: '/next?x=1', body });
    const comparable = ({ seen }: Host): object[] =>
      seen.map(({ method: sent, url, body: text, headers }) => ({ sent, url, text, type: headers['content-type'] }));
    expect(comparable(own)).toEqual(comparable(first));
  });

  it.each([
    [
      'a stream to be sent twice',
      307,
      '/b',
      () => ({ method: 'POST', body: new Blob(['x']).stream(), duplex: 'half' }),
    ],
    ['another scheme', 302, 'file:///etc/passwd', () => ({})],
    ['a password', 302, 'http://u:secret-pw@127.0.0.1/', () => ({})],
    ['no URL', 302, 'http://[', () => ({})],
    ['itself, for ever', 302, '/again', () => ({})],
  ])('fails as fetch does where a redirect leads to %s', async (_name, status, location, init) => {
    const listed = await startHost();
    listed.answer = redirect(location, status);
    const error = await call({ hosts: [listed.host] }, listed.origin, init() as RequestInit).catch((e: unknown) => e);
    expect(error).toEqual(new TypeError('fetch failed'));
    expect(String((error as Error).cause)).not.toContain('secret-pw');
    expect(listed.seen.length).toBe(location === '/again' ? 21 : 1);
  });

  it.each([
    ['manual', 302],
    ['error', undefined],
  ] as const)('leaves "redirect": "%s" to fetch', async (setting, status) => {
    const listed = await startHost();
    listed.answer = redirect('/b');
    const answer = call({ hosts: [listed.host] }, listed.origin, { redirect: setting });
    if (status === undefined) await expect(answer).rejects.toMatchObject({ name: 'TypeError' });
    else expect((await answer).status).toBe(status);
    expect(carried(listed.seen[0]!)).toEqual(OURS);
  });

  it('takes no password in a URL, and repeats none', async () => {
    const error = await call({ hosts: [] }, 'https://ada:secret-pw@example.com/').catch((e: unknown) => e as Error);
    expect(error).toBeInstanceOf(TypeError);
    expect(String(error)).not.toContain('secret-pw');
  });

  it('stops where its signal says so', async () => {
    const listed = await startHost();
    const controller = new AbortController();
    listed.answer = () => controller.abort();
    await expect(call({ hosts: [listed.host] }, listed.origin, { signal: controller.signal })).rejects.toMatchObject({
      name: 'AbortError',
    });
  });

  it('leaves traceparent to OpenTelemetry where that instruments fetch: two of them are none', async () => {
    const stop = useOpenTelemetry();
    const listener = (): void => undefined;
    try {
      const listed = await startHost();
      await inSpan(() => call({ hosts: [listed.host] }, listed.origin));
      diagnostics.subscribe('undici:request:create', listener);
      await inSpan(() => call({ hosts: [listed.host] }, listed.origin));
      expect(
        listed.seen.map(({ headers }) => [headers.traceparent !== undefined, headers['x-correlation-id']]),
      ).toEqual([
        [true, 'c-1'],
        [false, 'c-1'],
      ]);
    } finally {
      diagnostics.unsubscribe('undici:request:create', listener);
      stop();
    }
  });

  it.each([
    ['no list', {}, 'option_invalid'],
    ['an unknown option', { hosts: [], host: 'x' }, 'option_unknown'],
    ['a fetch that is none', { hosts: [], fetch: 'x' }, 'option_invalid'],
  ])('is not made with %s', async (_name, options, code) => {
    expect(await codeOf(() => createFetch(options as never))).toBe(code);
  });
});
