'use strict';
const { createPublicKey, generateKeyPairSync, randomUUID, sign } = require('node:crypto');

const ISSUER = 'https://gateway.example.com';
const AUDIENCE = 'invoices.example.internal';

/** One key pair an algorithm, and what `crypto.sign` wants to be told. */
const ALGORITHMS = {
  ES256: { make: () => generateKeyPairSync('ec', { namedCurve: 'P-256' }), digest: 'sha256' },
  EdDSA: { make: () => generateKeyPairSync('ed25519'), digest: null },
  RS256: { make: () => generateKeyPairSync('rsa', { modulusLength: 2048 }), digest: 'sha256' },
};

const part = (value) => Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url');

function claims(number, now) {
  return {
    iss: ISSUER,
    aud: AUDIENCE,
    iat: now,
    exp: now + 3600,
    req_wl: 'apigateway',
    txn: randomUUID(),
    sub: `entra:user-${number}`,
    scope: 'invoices.read',
    // What the peers' guards read; Baton reads the roles and asks its policy what they may do.
    permissions: ['invoice:read'],
    tctx: { roles: ['clerk'], kind: 'user', name: 'ada@example.com', tenant: '72f988bf-86f1-41af-91ab-2d7cd011db47' },
    rctx: { idp: 'entra', acr: 'urn:example:mfa', amr: ['pwd', 'otp'], auth_time: now - 60, idp_exp: now + 7200 },
  };
}

/** Keys and signed tokens of one algorithm: what all servers and the load generator of a block share. */
function makeTokens(algorithm, count) {
  const { make, digest } = ALGORITHMS[algorithm];
  const { privateKey, publicKey } = make();
  const now = Math.floor(Date.now() / 1000);
  const header = part({ alg: algorithm, typ: 'txntoken+jwt', kid: 'k1' });
  const tokens = Array.from({ length: count }, (_, number) => {
    const input = `${header}.${part(claims(number, now))}`;
    const signature = sign(digest, Buffer.from(input), { key: privateKey, dsaEncoding: 'ieee-p1363' });
    return `${input}.${signature.toString('base64url')}`;
  });
  const jwk = { ...createPublicKey(publicKey.export({ type: 'spki', format: 'pem' })).export({ format: 'jwk' }) };
  return { tokens, jwk: { ...jwk, kid: 'k1', alg: algorithm, use: 'sig' } };
}

module.exports = { ALGORITHMS: Object.keys(ALGORITHMS), AUDIENCE, ISSUER, makeTokens };
