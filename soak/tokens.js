'use strict';

const { createSign, generateKeyPairSync } = require('node:crypto');
const { callFunction } = require('../dist/local/function-call');
const { exchangeForActor, signIn } = require('../dist/local/sign-in');
const { CLIENT_SECRET, COPILOT, USERS } = require('./people');

const RESOURCE = 'api://invoices';
/** A sign-in is renewed at this age, long before it ends; kept for thieves when it has. */
const RENEW_AFTER_MS = 12_000;
const LOOK_EVERY_MS = 1000;
/** Past its end by the policy's tolerance of a second, and one more for rounding. */
const SURELY_ENDED_MS = 2500;
const KEPT = 40;

const encode = (value) => Buffer.from(JSON.stringify(value)).toString('base64url');
const claimsOf = (token) => JSON.parse(Buffer.from(token.split('.')[1], 'base64url').toString('utf8'));
const hasEnded = ({ endsAt }) => Date.now() > endsAt + SURELY_ENDED_MS;

/** A token that says everything right and is signed by the wrong hand. */
function forged(claims, header) {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const input = `${encode({ alg: 'ES256', typ: 'txntoken+jwt', ...header })}.${encode(claims)}`;
  const signature = createSign('sha256').update(input).sign({ key: privateKey, dsaEncoding: 'ieee-p1363' });
  return `${input}.${signature.toString('base64url')}`;
}

/** What a REST API sends an authorizer. */
const authorizerEvent = (token, soak) => ({
  soak,
  type: 'REQUEST',
  methodArn: 'arn:aws:execute-api:eu-west-1:123456789012:a1b2c3d4e5/prod/GET/invoices/7',
  resource: '/invoices/{id}',
  path: '/invoices/7',
  httpMethod: 'GET',
  headers: { Authorization: `Bearer ${token}` },
  multiValueHeaders: { Authorization: [`Bearer ${token}`] },
  requestContext: {
    stage: 'prod',
    httpMethod: 'GET',
    path: '/prod/invoices/7',
    identity: { sourceIp: '198.51.100.23' },
  },
});

/** The sign-ins of all users, kept fresh, and what thieves have: old ones, and the gateway's own tokens. */
class Tokens {
  #relay;
  #current = new Map();
  #old = [];
  #stolen = { own: [], other: [] };
  #timer;
  #renewing;
  #ended = false;
  /** All that were ever given out, for the search in the logs. */
  signatures = new Set();

  constructor(relay) {
    this.#relay = relay;
  }

  async start() {
    await this.#renewAll();
    const look = async () => {
      this.#renewing = this.#renewAll().catch((error) => console.error(`A sign-in failed: ${error.message}`));
      await this.#renewing;
      if (!this.#ended) this.#timer = setTimeout(look, LOOK_EVERY_MS);
    };
    this.#timer = setTimeout(look, LOOK_EVERY_MS);
  }

  async stop() {
    this.#ended = true;
    clearTimeout(this.#timer);
    await this.#renewing;
  }

  of(who) {
    return this.#current.get(who).token;
  }

  /** A sign-in that has ended. */
  get ended() {
    return this.#old.filter(hasEnded).at(-1);
  }

  /** The gateway's token of one who is signed in. */
  stolenFrom(who) {
    return this.#stolen.own.findLast((one) => one.who === who && one.endsAt > Date.now() + 5000);
  }

  /** The gateway's token for another application. */
  get forAnother() {
    return this.#stolen.other.findLast(({ endsAt }) => endsAt > Date.now() + 5000);
  }

  /** A token of the gateway's whose sign-in has ended. */
  get stolenAndEnded() {
    return this.#stolen.own.filter(hasEnded).at(-1);
  }

  #keep(list, token, more) {
    const signature = token.split('.')[2];
    this.signatures.add(signature);
    list.push({ token, endsAt: claimsOf(token).exp * 1000, takenAt: Date.now(), ...more });
    if (list.length > KEPT) list.shift();
  }

  async #renewAll() {
    for (const who of [...USERS.map(({ username }) => username), 'copilot']) {
      const current = this.#current.get(who);
      if (current !== undefined && Date.now() - current.takenAt < RENEW_AFTER_MS) continue;
      const token = await this.#signIn(who);
      const kept = [];
      this.#keep(kept, token, { who });
      if (current !== undefined) this.#old.push(current);
      if (this.#old.length > KEPT) this.#old.shift();
      this.#current.set(who, kept[0]);
      if (who === 'carla' || who === 'ada') await this.#steal(who, token, kept[0].endsAt);
    }
  }

  async #signIn(who) {
    const { issuer, tokenEndpoint } = this.#relay.identityProvider;
    if (who === 'copilot') {
      const secret = { clientId: COPILOT, clientSecret: CLIENT_SECRET };
      const exchanged = await exchangeForActor({
        tokenEndpoint,
        ...secret,
        subjectToken: this.of('ada'),
        resource: RESOURCE,
      });
      return exchanged.accessToken;
    }
    const client = { issuer, clientId: 'invoices-web', redirectUri: 'http://127.0.0.1/signed-in', resource: RESOURCE };
    return (await signIn({ ...client, username: who, password: who })).accessToken;
  }

  /** Asks the authorizer as the gateway does. It is ended now and then, so no answer is no failure here. */
  async #steal(who, token, endsAt) {
    for (const [list, soak] of [[this.#stolen.own], [this.#stolen.other, 'other-audience']]) {
      const answer = await callFunction(
        this.#relay.lambda.url,
        'baton-authorizer',
        authorizerEvent(token, soak),
        'soak',
      );
      if (answer.failed) continue;
      this.#keep(list, JSON.parse(answer.payload).context.txnToken, { who });
      // The app refuses it when the sign-in ends, whatever its own end.
      list.at(-1).endsAt = endsAt;
    }
  }
}

module.exports = { Tokens, claimsOf, encode, forged };
