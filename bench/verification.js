'use strict';
// Verifying a token, without a server around it: the same token, the same checks (signature, algorithm, issuer, audience, end).
const { createPublicKey, verify } = require('node:crypto');
const path = require('node:path');
const { measurePart } = require('./harness');
const { DIST } = require('./nodes');
const { runAlone } = require('./part-options');
const { ALGORITHMS, AUDIENCE, ISSUER, makeTokens } = require('./tokens');

const AGAIN = 'ES256, seen before';
const CASES = [...ALGORITHMS, AGAIN];
/** jsonwebtoken knows no Ed25519. */
const WITHOUT_EDDSA = ALGORITHMS.filter((algorithm) => algorithm !== 'EdDSA');
const TOKENS = 500;

const keyOf = (jwk) => createPublicKey({ key: jwk, format: 'jwk' });

/** From a verifier of one token to what is measured: a token in rotation, or the same few again and again. */
const verifying = (makeVerifier) => (setup) => {
  const algorithm = setup.case.slice(0, 5);
  const { jwk, tokens } = setup[algorithm];
  const verifyOne = makeVerifier({ jwk, algorithm });
  const bytes = tokens.map((token) => Buffer.from(token));
  // A text of its own each time, as from a socket: one that was a Map's key before would keep its hash.
  return { run: (at) => verifyOne(bytes[at % bytes.length].latin1Slice()) };
};

const DIGESTS = { ES256: 'sha256', RS256: 'sha256', EdDSA: null };

function bareSignature({ jwk, algorithm }) {
  const key = { key: keyOf(jwk), dsaEncoding: 'ieee-p1363' };
  return (token) => {
    const end = token.lastIndexOf('.');
    const signature = Buffer.from(token.slice(end + 1), 'base64url');
    if (!verify(DIGESTS[algorithm], Buffer.from(token.slice(0, end)), key, signature)) throw new Error('Refused.');
  };
}

function baton({ jwk, algorithm }) {
  const { fixedKeySource } = require(path.join(DIST, 'keys/fixed.js'));
  const { verifyTransactionToken } = require(path.join(DIST, 'token/transaction-token.js'));
  const expected = {
    ...{ issuer: ISSUER, audiences: [AUDIENCE], algorithms: [algorithm] },
    ...{ keys: fixedKeySource({ keys: [jwk] }, [algorithm]), clockToleranceSeconds: 30, maxLifetimeSeconds: 3600 },
  };
  return (token) => verifyTransactionToken(token, expected, Date.now() / 1000);
}

/** With header hygiene and the Identity that comes of it, as a request has it. */
function batonEdge({ jwk, algorithm }) {
  const { compilePolicy } = require(path.join(DIST, 'policy.js'));
  const { createEdge } = require(path.join(DIST, 'identity/edge.js'));
  const edge = createEdge(compilePolicy(policyOf({ jwk, algorithm }), {}));
  return (token) => edge.verify(['Host', 'invoices.example.internal', 'Txn-Token', token]);
}

const policyOf = ({ jwk, algorithm }) => ({
  application: 'invoices',
  edge: {
    ...{ profile: 'txn-token', issuer: ISSUER, audience: AUDIENCE, algorithms: [algorithm] },
    ...{ keys: { jwks: { keys: [jwk] } }, maxLifetimeSeconds: 3600 },
  },
  roles: { clerk: { permissions: ['invoice:read'] } },
});

function jose({ jwk, algorithm }) {
  const { jwtVerify } = require('jose');
  const key = keyOf(jwk);
  const options = { issuer: ISSUER, audience: AUDIENCE, algorithms: [algorithm], typ: 'txntoken+jwt' };
  return (token) => jwtVerify(token, key, options);
}

/** What people put around jose: the verdict under the token as the key. */
function joseWithLru(setup) {
  const { LRUCache } = require('lru-cache');
  const verdicts = new LRUCache({ max: 8192 });
  const verifyOne = jose(setup);
  return (token) => {
    const known = verdicts.get(token);
    if (known !== undefined && known.exp > Date.now() / 1000) return known;
    return verifyOne(token).then(({ payload }) => void verdicts.set(token, payload));
  };
}

const fastJwt =
  (cache) =>
  ({ jwk, algorithm }) => {
    const { createVerifier } = require('fast-jwt');
    const key = keyOf(jwk).export({ type: 'spki', format: 'pem' });
    const checks = { allowedIss: ISSUER, allowedAud: AUDIENCE, checkTyp: 'txntoken+jwt' };
    return createVerifier({ key, algorithms: [algorithm], ...checks, cache });
  };

function jsonwebtoken({ jwk, algorithm }) {
  const { verify: verifyOne } = require('jsonwebtoken');
  const key = keyOf(jwk);
  const options = { issuer: ISSUER, audience: AUDIENCE, algorithms: [algorithm] };
  return (token) => verifyOne(token, key, options);
}

function awsJwtVerify({ jwk }) {
  const { JwtVerifier } = require('aws-jwt-verify');
  const jwksUri = 'https://gateway.example.com/jwks';
  const verifier = JwtVerifier.create({ issuer: ISSUER, audience: AUDIENCE, jwksUri });
  verifier.cacheJwks({ keys: [jwk] });
  return (token) => verifier.verifySync(token);
}

const part = {
  name: 'verification',
  title: 'Verifying a token',
  file: __filename,
  cases: CASES,
  base: 'the signature alone, `crypto.verify`',
  about: `No server, one token at a time; the signature, the algorithm, issuer, audience and end are checked, and the type where a
package can (not jsonwebtoken, not aws-jwt-verify). "Seen before" is ${TOKENS} tokens again and again, with each package's memory of verdicts
on, divided by the same bare signature; Baton's row includes the hygiene of the request's headers.`,
  subjects: [
    { name: 'bare signature', make: verifying(bareSignature) },
    { name: 'Baton: Transaction Token', baton: true, cases: ALGORITHMS, make: verifying(baton) },
    { name: 'Baton: the edge of a request', baton: true, cases: [AGAIN], make: verifying(batonEdge) },
    { name: 'jose', cases: ALGORITHMS, make: verifying(jose) },
    { name: 'jose + lru-cache', cases: [AGAIN], make: verifying(joseWithLru) },
    { name: 'fast-jwt', cases: ALGORITHMS, make: verifying(fastJwt(false)) },
    { name: 'fast-jwt, cache on', cases: [AGAIN], make: verifying(fastJwt(true)) },
    { name: 'jsonwebtoken', cases: WITHOUT_EDDSA, make: verifying(jsonwebtoken) },
    { name: 'aws-jwt-verify, sync', cases: ALGORITHMS, make: verifying(awsJwtVerify) },
  ],
  /** Keys and tokens are the same for all: made once, handed over as text. */
  prepare: () => ({
    setup: Object.fromEntries(ALGORITHMS.map((algorithm) => [algorithm, makeTokens(algorithm, TOKENS)])),
  }),
};

module.exports = part;
runAlone(module, (options) => measurePart(part, options));
