'use strict';

const { createSign, generateKeyPairSync } = require('node:crypto');

const bearer = (token) => ['Authorization', `Bearer ${token}`];
const encode = (value) => Buffer.from(JSON.stringify(value)).toString('base64url');

/** A token that says everything right and is signed by the wrong hand. */
function forge(type, claims) {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const input = `${encode({ alg: 'ES256', typ: type, kid: 'gateway' })}.${encode(claims)}`;
  const signature = createSign('sha256').update(input).sign({ key: privateKey, dsaEncoding: 'ieee-p1363' });
  return `${input}.${signature.toString('base64url')}`;
}

function forgedTransactionToken() {
  const now = Math.floor(Date.now() / 1000);
  return forge('txntoken+jwt', {
    iss: 'https://gateway.example.com',
    aud: 'invoices.example.internal',
    iat: now,
    exp: now + 300,
    txn: 'forged',
    sub: 'entra:7d9c1e34-2b5a-4c8f-8e21-5f6a7b8c9d02',
    scope: '',
    req_wl: 'apigateway',
    tctx: { roles: ['approver'], kind: 'user' },
    rctx: {},
  });
}

/** The claims of a token, its signature replaced: what a client can do to its own token. */
function tampered(token) {
  const [header, payload] = token.split('.');
  return `${header}.${payload}.${Buffer.alloc(256, 7).toString('base64url')}`;
}

/**
 * The demo's steps. `via` is where the request goes: the HTTP API, the REST API, or straight to IIS; `expect` is the
 * answer's status; `saw` is who the app (and the function) must have seen.
 */
function steps({ carla, ada, copilot }, subjects) {
  const forged = forgedTransactionToken();
  const asCarla = { app: subjects.carla };
  const asAda = { app: subjects.ada };
  const asCopilot = { app: subjects.ada, actor: 'invoice-copilot' };
  const get = (via, path, headers) => ({ via, method: 'GET', path, headers });
  const post = (via, path, headers) => ({ via, method: 'POST', path, headers });
  return [
    { name: 'anybody asks for the health', ...get('http', '/health'), expect: 200 },
    { name: 'nobody signed in', ...get('http', '/invoices/7'), expect: 401 },
    { name: 'clerk reads', ...get('http', '/invoices/7', bearer(carla)), expect: 200, saw: asCarla },
    { name: 'clerk approves', ...post('http', '/invoices/7/approve', bearer(carla)), expect: 403, saw: asCarla },
    { name: 'approver approves', ...post('http', '/invoices/7/approve', bearer(ada)), expect: 200, saw: asAda },
    { name: 'copilot reads for approver', ...get('http', '/invoices/7', bearer(copilot)), expect: 200, saw: asCopilot },
    {
      name: 'copilot approves for approver',
      ...post('http', '/invoices/7/approve', bearer(copilot)),
      expect: 403,
      saw: asCopilot,
    },
    {
      name: 'clerk has Lambda render',
      ...post('http', '/invoices/7/render', bearer(carla)),
      expect: 200,
      saw: { ...asCarla, function: subjects.carla },
      follow: true,
    },
    {
      name: 'copilot has Lambda render',
      ...post('http', '/invoices/7/render', bearer(copilot)),
      expect: 200,
      saw: { ...asCopilot, function: subjects.ada },
    },
    {
      name: 'clerk brings a forged Txn-Token',
      ...get('http', '/invoices/7', [...bearer(carla), 'Txn-Token', forged]),
      expect: 200,
      saw: asCarla,
    },
    {
      name: 'clerk brings a correlation ID',
      ...get('http', '/invoices/8', [...bearer(carla), 'X-Correlation-Id', 'chosen-by-the-client']),
      expect: 200,
      saw: asCarla,
      notCorrelationId: 'chosen-by-the-client',
    },
    { name: 'tampered sign-in token', ...get('rest', '/invoices/7', bearer(tampered(carla))), expect: 401 },
    { name: 'clerk reads (REST API)', ...get('rest', '/invoices/7', bearer(carla)), expect: 200, saw: asCarla },
    { name: 'clerk lists, result cached', ...get('rest', '/invoices', bearer(carla)), expect: 200, saw: asCarla },
    { name: 'clerk approves (REST API)', ...post('rest', '/invoices/7/approve', bearer(carla)), expect: 403 },
    { name: 'straight to IIS, no gateway', ...get('iis', '/invoices/7', bearer(carla)), expect: 401 },
    { name: 'straight to IIS, forged token', ...get('iis', '/invoices/7', ['Txn-Token', forged]), expect: 401 },
    { name: 'straight to IIS, look-alike header', ...get('iis', '/invoices/7', ['Txn_Token', forged]), expect: 400 },
    {
      name: 'straight to IIS, two tokens',
      ...get('iis', '/invoices/7', ['Txn-Token', forged, 'txn-token', forged]),
      expect: 400,
    },
    {
      name: 'app killed, next request',
      before: (relay) => relay.iis.kill(),
      ...get('http', '/invoices/8', bearer(ada)),
      expect: 200,
      saw: asAda,
    },
  ];
}

module.exports = { steps };
