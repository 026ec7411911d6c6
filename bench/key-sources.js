'use strict';
// Finding the key that a token names, in a key set that was fetched before: what every verification of a new token begins with.
const { generateKeyPairSync } = require('node:crypto');
const { once } = require('node:events');
const { createServer } = require('node:http');
const path = require('node:path');
const { measurePart } = require('./harness');
const { DIST } = require('./nodes');
const { runAlone } = require('./part-options');

/** As many as an issuer publishes that rotates its keys, and as many as Microsoft does. */
const CASES = { 'a set of 2 keys': 2, 'a set of 12 keys': 12 };
const MOST = Math.max(...Object.values(CASES));

/** From a way to find a key by its ID to what is measured: the IDs in turn. */
const finding = (makeFinder) => async (setup) => {
  const count = CASES[setup.case];
  const find = makeFinder({ ...setup, uri: `${setup.url}/${count}` });
  const ids = setup.keys.slice(0, count).map(({ kid }) => kid);
  for (const kid of ids) {
    if ((await find(kid)) === undefined) throw new Error(`The key ${kid} was not found.`);
  }
  return { run: (at) => find(ids[at % count]) };
};

function map({ keys }) {
  const known = new Map(keys.map((jwk) => [jwk.kid, jwk]));
  return async (kid) => known.get(kid);
}

function baton({ uri }) {
  const { keySourceAt } = require(path.join(DIST, 'keys/source.js'));
  const source = keySourceAt({ jwksUri: uri }, { algorithms: ['ES256'] });
  return (kid) => source.find(kid, 'ES256');
}

function jose({ uri }) {
  const find = require('jose').createRemoteJWKSet(new URL(uri));
  return (kid) => find({ alg: 'ES256', kid }, {});
}

function jwksRsa({ uri }) {
  const client = require('jwks-rsa')({ jwksUri: uri, cacheMaxEntries: MOST });
  return (kid) => client.getSigningKey(kid);
}

function awsJwtVerify({ uri }) {
  const { SimpleFetcher } = require('aws-jwt-verify/https');
  const { SimpleJwksCache } = require('aws-jwt-verify/jwk');
  // Its own fetcher insists on https.
  class LoopbackFetcher extends SimpleFetcher {
    fetch = async (from) => new Uint8Array(await (await fetch(from)).arrayBuffer()).buffer;
  }
  const cache = new SimpleJwksCache({ fetcher: new LoopbackFetcher() });
  return (kid) => cache.getJwk(uri, { header: { alg: 'ES256', kid }, payload: {} });
}

/** Key sets of each size, as an issuer serves them. */
async function prepare() {
  const keys = Array.from({ length: MOST }, (_, number) => {
    const { publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    return { ...publicKey.export({ format: 'jwk' }), kid: `key-${number}`, alg: 'ES256', use: 'sig' };
  });
  const server = createServer((req, res) => {
    res.setHeader('Content-Type', 'application/json');
    res.end(JSON.stringify({ keys: keys.slice(0, Number(req.url.slice(1))) }));
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const close = () => new Promise((resolve) => server.close(resolve).closeAllConnections());
  return { setup: { keys, url: `http://127.0.0.1:${server.address().port}` }, close };
}

const part = {
  name: 'keys',
  title: 'Finding a key',
  file: __filename,
  cases: Object.keys(CASES),
  base: 'an `async` function around a `Map`',
  about: `The key set is fetched once, before anything counts; then its keys are asked for by their IDs, in turn, in a cache with room for all
(jwks-rsa holds 5 by default, and fetches the set again for nearly each key where it has more).`,
  prepare,
  subjects: [
    { name: 'a Map', make: finding(map) },
    { name: 'Baton: key source', baton: true, make: finding(baton) },
    { name: 'jose, createRemoteJWKSet', make: finding(jose) },
    { name: 'jwks-rsa', make: finding(jwksRsa) },
    { name: 'aws-jwt-verify, SimpleJwksCache', make: finding(awsJwtVerify) },
  ],
};

module.exports = part;
runAlone(module, (options) => measurePart(part, options));
