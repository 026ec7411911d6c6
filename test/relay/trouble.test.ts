import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { send } from '../support/http-client';
import { waitFor } from '../support/wait';
import { jsonLines, startTestRelay, type TestRelay } from './support/relay-host';

jest.setTimeout(30_000);

let relay: TestRelay | undefined;
afterEach(async () => {
  await relay?.stop();
  relay = undefined;
});

const appLines = (type: string): Record<string, unknown>[] =>
  jsonLines(relay!.appLogFile).filter((line) => line.type === type);

/** When a token ends, in milliseconds since the epoch. */
function endOf(token: string): number {
  const claims = JSON.parse(Buffer.from(token.split('.')[1]!, 'base64url').toString('utf8')) as { exp: number };
  return claims.exp * 1000;
}

it('says once in the app’s log that the gateway holds another policy', async () => {
  relay = await startTestRelay((copy) => {
    copy.write(
      'functions/authorizer.js',
      `const { createAuthorizer } = require('iis-baton/authorizer');
       const policy = require('node:path').join(__dirname, '..', 'old.policy.json');
       exports.handler = createAuthorizer({ policy, cacheTtlSeconds: 300 });`,
    );
    copy.write('old.policy.json', '{}');
    copy.edit('baton.policy.json', (policy) => {
      copy.write('old.policy.json', JSON.stringify(policy));
      policy.roles.approver.permissions.push('invoice:archive');
    });
  });
  const token = await relay.signIn('carla');
  for (let i = 0; i < 3; i++) expect((await send(`${relay.http}/invoices/7`, { token })).status).toBe(200);
  await waitFor('the app’s request lines', () => appLines('request').length === 3);
  const digest = expect.stringMatching(/^sha256-/);
  expect(appLines('policy_drift')).toEqual([expect.objectContaining({ policy: digest, gatewayPolicy: digest })]);
  const [drift] = appLines('policy_drift');
  expect(drift!.policy).not.toBe(drift!.gatewayPolicy);
  expect(drift!.policy).toBe(appLines('request')[0]!.policy);
});

/** A key server that is down until it is told otherwise: it hands on what `to` names, or breaks the connection. */
async function startKeyProxy(): Promise<{ url: string; up: boolean; close(): void }> {
  const server = createServer((req, res) => {
    const to = new URL(req.url ?? '', 'http://proxy').searchParams.get('to') ?? '';
    if (!state.up) req.socket.destroy();
    else void fetch(to).then(async (answer) => res.end(await answer.text()));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const close = (): void => {
    server.close();
    server.closeAllConnections();
  };
  const state = { url: `http://127.0.0.1:${port}/jwks.json`, up: false, close };
  return state;
}

it('answers 503, not 401, while the key server is down from the start, and recovers by itself', async () => {
  const keys = await startKeyProxy();
  try {
    relay = await startTestRelay((copy) => {
      copy.edit('baton.dev.json', ({ environment }) => {
        environment.GATEWAY_JWKS_URI = `${keys.url}?to=\${relay.gatewayKeys}`;
      });
    });
    const token = await relay.signIn('carla');
    const read = () => send(`${relay!.http}/invoices/7`, { token });
    const { status, headers, body } = await read();
    expect([status, body.code, headers['www-authenticate']]).toEqual([503, 'keys_unavailable', undefined]);
    expect(headers['content-type']).toMatch(/^application\/problem\+json/);
    expect(Number(headers['retry-after'])).toBeGreaterThan(0);
    expect(body).toEqual({
      type: 'urn:iis-baton:error:keys_unavailable',
      title: expect.any(String),
      status: 503,
      code: 'keys_unavailable',
      correlationId: headers['apigw-requestid'],
    });
    expect((await send(`${relay.http}/health`)).status).toBe(200);
    keys.up = true;
    await waitFor('the app to fetch the keys', async () => (await read()).status === 200);
  } finally {
    keys.close();
  }
});

it('refuses a sign-in that has ended: at the gateway, and in the app where the gateway still keeps its result', async () => {
  relay = await startTestRelay((copy) => {
    copy.edit('baton.dev.json', ({ identityProvider }) => (identityProvider.tokenLifetimeSeconds = 3));
    copy.edit('baton.policy.json', ({ edge, identityProviders }) => {
      edge.clockToleranceSeconds = 0;
      identityProviders.entra.clockToleranceSeconds = 0;
    });
  });
  const { http, rest } = relay;
  // Starts the processes, whose start takes time of the token's three seconds.
  for (const url of [http, rest]) await send(`${url}/invoices/7`, { token: await relay.signIn('carla') });

  const [kept, unknown] = [await relay.signIn('carla'), await relay.signIn('ada')];
  expect((await send(`${http}/invoices/7`, { token: kept })).status).toBe(200);
  const calls = await relay.authorizerCalls('http');
  await waitFor('the end of both tokens', () => Date.now() >= Math.max(endOf(kept), endOf(unknown)));

  const inApp = await send(`${http}/invoices/7`, { token: kept });
  expect([inApp.status, inApp.body.code]).toEqual([401, 'token_invalid']);
  expect(await relay.authorizerCalls('http')).toBe(calls);
  const refusal = await waitFor('the app’s log', () =>
    appLines('error').find((line) => line.correlationId === inApp.headers['apigw-requestid']),
  );
  expect(refusal).toMatchObject({ code: 'token_invalid', reason: 'expired' });

  expect((await send(`${rest}/invoices/7`, { token: unknown })).status).toBe(401);
  // An HTTP API has one answer for "no": 403.
  expect((await send(`${http}/invoices/7`, { token: unknown })).status).toBe(403);
});
