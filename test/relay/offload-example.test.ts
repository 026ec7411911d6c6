import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { startLambdaEndpoint, type LambdaEndpoint } from '../../src/local/lambda/endpoint';
import { temporaryFolder } from '../support/example';
import { startNode, type NodeRun } from '../support/processes';
import { makeKey, transactionToken, travellingClaims } from '../support/tokens';
import { waitFor } from '../support/wait';

const root = path.join(__dirname, '..', '..');
const example = path.join(root, 'examples', 'offload');
const ISSUER = 'https://gateway.example.com';
const keys = { gateway: makeKey(), app: makeKey() };

const folder = temporaryFolder();
const file = (name: string, value: unknown): string => {
  writeFileSync(path.join(folder, name), JSON.stringify(value));
  return path.join(folder, name);
};
const environment = {
  BATON_POLICY: path.join(example, 'baton.policy.json'),
  GATEWAY_ISSUER: ISSUER,
  GATEWAY_JWKS_FILE: file('gateway.jwks.json', { keys: [keys.gateway.publicJwk] }),
  IDP_ISSUER: 'https://login.example.com',
  IDP_AUDIENCE: 'api://quotes',
  APP_ISSUER: 'https://quotes.example.internal',
  APP_JWKS_FILE: file('app.jwks.json', { keys: [keys.app.publicJwk] }),
  AWS_ACCOUNT: '123456789012',
};

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

let lambda: LambdaEndpoint;
let app: NodeRun;
let url = '';
beforeAll(async () => {
  mkdirSync(path.join(folder, 'logs'));
  const handler = (name: string): { handlerFile: string; environment: Record<string, string> } => ({
    handlerFile: path.join(example, 'functions', `${name}.js`),
    environment,
  });
  lambda = await startLambdaEndpoint({
    functions: { 'price-quote': handler('price-quote'), 'export-prices': handler('export-prices') },
    logDirectory: path.join(folder, 'logs'),
    runtimeFile: path.join(root, 'dist', 'local', 'lambda', 'runtime.js'),
  });
  const port = await freePort();
  url = `http://127.0.0.1:${port}`;
  app = startNode([path.join(example, 'server.js')], {
    env: {
      ...environment,
      PORT: String(port),
      BATON_HAND_OVER_KEY: JSON.stringify(keys.app.privateJwk),
      AWS_ENDPOINT_URL_LAMBDA: lambda.url,
      AWS_REGION: 'eu-west-1',
      AWS_ACCESS_KEY_ID: 'test',
      AWS_SECRET_ACCESS_KEY: 'test',
    },
  });
  const answers = (): Promise<boolean> =>
    fetch(url).then(
      () => true,
      () => false,
    );
  const died = app.ended.then((code) => {
    throw new Error(`The app ended with ${String(code)}: ${app.stderr}`);
  });
  await Promise.race([waitFor('the app', answers), died]);
  died.catch(() => {});
});
afterAll(async () => {
  await app.end();
  await lambda.stop();
  rmSync(folder, { recursive: true, force: true });
});

function as(role: string): Record<string, string> {
  const now = Math.floor(Date.now() / 1000);
  const claims = {
    iss: ISSUER,
    aud: 'quotes.example.internal',
    iat: now,
    exp: now + 60,
    tctx: { ...travellingClaims.tctx, roles: [role] },
    rctx: { idp: 'entra' },
  };
  return { 'Txn-Token': transactionToken(keys.gateway, { claims }), 'content-type': 'application/json' };
}

const quote = (items: unknown, customer = '7'): Promise<Response> =>
  fetch(`${url}/customers/${customer}/quotes`, {
    method: 'POST',
    headers: as('clerk'),
    body: JSON.stringify({ items }),
  });

it('prices a quote in the function, as the caller', async () => {
  const response = await quote([{ article: 'widget', pieces: 2 }]);
  expect([response.status, await response.json()]).toEqual([
    200,
    { customer: '7', total: 2500, quotedFor: 'entra:7d3c' },
  ]);
});

it.each([
  ['no items', [], '7', '/items'],
  ['half a piece', [{ article: 'widget', pieces: 0.5 }], '7', '/items/0/pieces'],
  ['a customer that is no number', [{ article: 'widget', pieces: 1 }], 'x', '/customer'],
])('answers 400 to %s, and says where', async (_name, items, customer, pointer) => {
  const response = await quote(items, customer);
  expect([response.status, await response.json()]).toEqual([
    400,
    expect.objectContaining({ code: 'input_invalid', errors: [{ pointer }] }),
  ]);
});

it('tells the client that the function failed, and the log why', async () => {
  const response = await quote([{ article: 'spaceship', pieces: 1 }]);
  const body = await response.text();
  expect([response.status, body.includes('spaceship')]).toEqual([502, false]);
  expect(JSON.parse(body)).toMatchObject({ code: 'function_failed' });
  await waitFor('the line in the log', () => app.stdout.includes('There is no article spaceship.'));
});

it('lets managers export prices, and nobody else', async () => {
  const exported = async (role: string): Promise<unknown[]> => {
    const response = await fetch(`${url}/price-list`, { headers: as(role) });
    return [response.status, await response.json()];
  };
  expect(await exported('manager')).toEqual([200, { widget: 1250, gadget: 990 }]);
  expect(await exported('clerk')).toEqual([403, expect.objectContaining({ code: 'permission_denied' })]);
});
