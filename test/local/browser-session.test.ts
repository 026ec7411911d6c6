import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

import { BrowserSession } from '../../src/local/browser-session';
import { thrownBy } from '../support/errors';

let respond: (request: IncomingMessage, response: ServerResponse) => void;
const seen: { path: string; cookie: string | undefined; body: string }[] = [];
const server = createServer((request, response) => {
  let body = '';
  request.on('data', (chunk: Buffer) => (body += chunk.toString()));
  request.on('end', () => {
    seen.push({ path: request.url ?? '', cookie: request.headers.cookie, body });
    respond(request, response);
  });
});
let origin: string;

beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => {
  server.close();
  server.closeAllConnections();
});
beforeEach(() => void seen.splice(0));

it('sends cookies back to their path, and none that ended', async () => {
  const browser = new BrowserSession();
  respond = (_request, response) => {
    const lines = ['root=1; Path=/; HttpOnly', 'deep=2; path=/auth/x', 'gone=3; Path=/; Max-Age=0'];
    response.setHeader('Set-Cookie', lines).end();
  };
  await browser.open(new URL(`${origin}/auth`));
  respond = (request, response) => {
    if (request.url === '/auth/x/y')
      response.setHeader('Set-Cookie', 'root=; Path=/; Expires=Thu, 01 Jan 1970 00:00:00 GMT');
    response.end();
  };
  for (const path of ['/auth/x', '/auth/x/y', '/auth/xy']) await browser.open(new URL(origin + path));
  expect(seen.map(({ cookie }) => cookie)).toEqual([undefined, 'root=1; deep=2', 'root=1; deep=2', undefined]);
});

it('does not follow redirects by itself, and resolves where they lead', async () => {
  respond = (_request, response) => response.writeHead(303, { Location: '../next?a=1' }).end();
  const { status, location } = await new BrowserSession().open(new URL(`${origin}/a/b`));
  expect([status, location?.href]).toEqual([303, `${origin}/next?a=1`]);
  expect(seen).toHaveLength(1);
});

it('posts forms', async () => {
  respond = (_request, response) => response.end();
  await new BrowserSession().post(new URL(`${origin}/form`), { password: 'a & b=c' });
  expect(new URLSearchParams(seen[0]?.body).get('password')).toBe('a & b=c');
});

it('fails with relay_failed where nobody listens', async () => {
  const error = await thrownBy(() => new BrowserSession().open(new URL('http://127.0.0.1:1/secret?code=x')));
  expect(error.code).toBe('relay_failed');
  expect(error.message).not.toContain('code');
});
