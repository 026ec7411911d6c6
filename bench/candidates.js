'use strict';
const { AsyncLocalStorage } = require('node:async_hooks');
const { createPublicKey, randomUUID } = require('node:crypto');
const path = require('node:path');
const { DIST } = require('./nodes');
const { AUDIENCE, ISSUER } = require('./tokens');

/**
 * What is measured. Each gets the same token in the header that it reads, with its key in place and issuer, audience and
 * algorithm checked; each answers the same route. `header` is where the token goes.
 */
const BEARER = 'Authorization';
const TXN = 'Txn-Token';

const policyOf = ({ jwk, algorithm }) => ({
  application: 'invoices',
  edge: {
    profile: 'txn-token',
    issuer: ISSUER,
    audience: AUDIENCE,
    algorithms: [algorithm],
    keys: { jwks: { keys: [jwk] } },
    maxLifetimeSeconds: 3600,
  },
  roles: { clerk: { permissions: ['invoice:read'] } },
  routes: [
    { path: '/health', public: true },
    { method: 'GET', path: '/invoices/{id}', permission: 'invoice:read' },
  ],
});

function batonParts(setup) {
  const { compilePolicy } = require(path.join(DIST, 'policy.js'));
  const { createLogger } = require(path.join(DIST, 'logging.js'));
  return { ...require(DIST), policy: compilePolicy(policyOf(setup)), createLogger };
}

/** A middleware from a verifier that may be synchronous. */
const verifying = (verify) => (req, res, next) => {
  const token = (req.headers.authorization ?? '').slice('Bearer '.length);
  const settle = (claims) => {
    req.user = claims;
    next();
  };
  try {
    const outcome = verify(token);
    if (outcome instanceof Promise) outcome.then(settle, () => res.status(401).end());
    else settle(outcome);
  } catch {
    res.status(401).end();
  }
};

function joseVerifier({ jwk, algorithm }) {
  const { jwtVerify } = require('jose');
  const key = createPublicKey({ key: jwk, format: 'jwk' });
  const options = { issuer: ISSUER, audience: AUDIENCE, algorithms: [algorithm], typ: 'txntoken+jwt' };
  return async (token) => (await jwtVerify(token, key, options)).payload;
}

const expressJwt = ({ jwk, algorithm }) =>
  require('express-jwt').expressjwt({
    secret: createPublicKey({ key: jwk, format: 'jwk' }),
    algorithms: [algorithm],
    issuer: ISSUER,
    audience: AUDIENCE,
    requestProperty: 'user',
  });

const oauth2Bearer = ({ jwksUri, algorithm }) =>
  require('express-oauth2-jwt-bearer').auth({
    issuer: ISSUER,
    audience: AUDIENCE,
    jwksUri,
    tokenSigningAlg: algorithm,
    // The keys are fetched once, before the measurement.
    cacheMaxAge: 3_600_000,
  });

function awsVerifier({ jwk }) {
  const { JwtVerifier } = require('aws-jwt-verify');
  const verifier = JwtVerifier.create({
    issuer: ISSUER,
    audience: AUDIENCE,
    jwksUri: 'https://gateway.example.com/jwks',
  });
  verifier.cacheJwks({ keys: [jwk] });
  return (token) => verifier.verifySync(token);
}

function fastJwt({ jwk, algorithm }, cache) {
  const { createVerifier } = require('fast-jwt');
  const key = createPublicKey({ key: jwk, format: 'jwk' }).export({ type: 'spki', format: 'pem' });
  return createVerifier({ key, algorithms: [algorithm], allowedIss: ISSUER, allowedAud: AUDIENCE, cache });
}

function fileLogger({ logFile }) {
  const { createLogger, format, transports } = require('winston');
  return createLogger({
    format: format.combine(format.timestamp(), format.json()),
    transports: [new transports.File({ filename: logFile })],
  });
}

/** The access log that most people mount, with the fields that Baton's line has. */
function expressWinston(setup) {
  const rTracer = require('cls-rtracer');
  return require('express-winston').logger({
    winstonInstance: fileLogger(setup),
    msg: 'request',
    requestWhitelist: ['method', 'originalUrl'],
    responseWhitelist: ['statusCode'],
    dynamicMeta: (req) => ({ correlationId: rTracer.id(), subject: req.user?.sub, roles: req.user?.tctx?.roles }),
  });
}

const rtracer = () =>
  require('cls-rtracer').expressMiddleware({ useHeader: true, headerName: 'X-Correlation-Id', echoHeader: true });

/** The leanest that people write by hand: jose, an LRU of verdicts, one AsyncLocalStorage, one winston line. */
function byHand(setup) {
  const { LRUCache } = require('lru-cache');
  const storage = new AsyncLocalStorage();
  const verdicts = new LRUCache({ max: 8192 });
  const logger = fileLogger(setup);
  const verify = joseVerifier(setup);
  const cached = async (token) => {
    const known = verdicts.get(token);
    if (known !== undefined && known.exp > Date.now() / 1000) return known;
    const claims = await verify(token);
    verdicts.set(token, claims);
    return claims;
  };
  const context = (req, res, next) => {
    const startedAt = performance.now();
    const correlationId = req.headers['x-correlation-id'] ?? randomUUID();
    res.setHeader('X-Correlation-Id', correlationId);
    res.on('finish', () => {
      logger.info('request', {
        correlationId,
        method: req.method,
        path: req.originalUrl,
        status: res.statusCode,
        durationMs: performance.now() - startedAt,
        subject: req.user?.sub,
        roles: req.user?.tctx.roles,
        transactionId: req.user?.txn,
      });
    });
    storage.run({ correlationId }, next);
  };
  const permit = (req, res, next) =>
    req.user.permissions.includes('invoice:read') ? next() : void res.status(403).end();
  return [context, verifying(cached), permit];
}

function assembledExpressJwt(setup) {
  const guard = require('express-jwt-permissions')();
  return [rtracer(), expressWinston(setup), expressJwt(setup), guard.check('invoice:read')];
}

function assembledOauth2Bearer(setup) {
  const { claimIncludes } = require('express-oauth2-jwt-bearer');
  const keepUser = (req, _res, next) => {
    req.user = req.auth.payload;
    next();
  };
  return [
    rtracer(),
    expressWinston(setup),
    oauth2Bearer(setup),
    keepUser,
    claimIncludes('permissions', 'invoice:read'),
  ];
}

function batonIdentity(setup) {
  const { correlation, identity, policy } = batonParts(setup);
  return [correlation(), identity({ policy })];
}

function batonChain(setup, more = {}) {
  const { baton, createLogger, policy } = batonParts(setup);
  return baton({ policy, logger: createLogger({ file: setup.logFile }), ...more });
}

/** Counts what it is told: the decisions are taken and worded, and written nowhere. */
function batonOneLine(setup) {
  let decisions = 0;
  return batonChain(setup, { audit: { record: () => void decisions++ } });
}

const identityOnly = (name, header, middleware) => ({ name, group: 'identity', header, middleware });
const fullChain = (name, header, middleware) => ({ name, group: 'chain', header, middleware });

/** jsonwebtoken, on which express-jwt stands, knows no Ed25519. */
const NO_EDDSA = ['EdDSA'];

const CANDIDATES = [
  { name: 'bare Express 5', group: 'bare', header: BEARER, middleware: () => [] },
  identityOnly('Baton: correlation + identity', TXN, batonIdentity),
  identityOnly('fast-jwt, cache on', BEARER, (setup) => verifying(fastJwt(setup, true))),
  identityOnly('fast-jwt', BEARER, (setup) => verifying(fastJwt(setup, false))),
  { ...identityOnly('express-jwt, key object', BEARER, expressJwt), lacks: NO_EDDSA },
  identityOnly('jose by hand', BEARER, (setup) => verifying(joseVerifier(setup))),
  identityOnly('aws-jwt-verify, sync', BEARER, (setup) => verifying(awsVerifier(setup))),
  identityOnly('express-oauth2-jwt-bearer', BEARER, oauth2Bearer),
  fullChain('Baton: baton(), one winston line', TXN, batonOneLine),
  fullChain('Baton: baton(), request line and audit line', TXN, batonChain),
  fullChain('by hand: jose + LRU + ALS + winston', BEARER, byHand),
  {
    ...fullChain('cls-rtracer + express-jwt + express-jwt-permissions + express-winston', BEARER, assembledExpressJwt),
    lacks: NO_EDDSA,
  },
  fullChain('cls-rtracer + express-oauth2-jwt-bearer + express-winston', BEARER, assembledOauth2Bearer),
];

module.exports = { CANDIDATES };
