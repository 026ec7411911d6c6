'use strict';

const { readFileSync } = require('node:fs');
const { callFunction } = require('../dist/local/function-call');
const { claimsOf, encode, forged } = require('./tokens');
const { bearer, runPath } = require('./users');

const APPROVE = { method: 'POST', path: '/invoices/7/approve' };
const READ = { method: 'GET', path: '/invoices/7' };
const KID = { kid: 'gateway' };

function approverClaims() {
  const now = Math.floor(Date.now() / 1000);
  const caller = { sub: 'entra:7d9c1e34-2b5a-4c8f-8e21-5f6a7b8c9d02', tctx: { roles: ['approver'], kind: 'user' } };
  const terms = { iss: 'https://gateway.example.com', aud: 'invoices.example.internal', iat: now, exp: now + 60 };
  return { ...terms, txn: 'forged', scope: '', req_wl: 'apigateway', rctx: {}, ...caller };
}

/** The claims of a token changed, its signature kept. */
function altered(token) {
  const [header, , signature] = token.split('.');
  const claims = claimsOf(token);
  return `${header}.${encode({ ...claims, tctx: { ...claims.tctx, roles: ['approver'] } })}.${signature}`;
}

const unsigned = () => `${encode({ alg: 'none', typ: 'txntoken+jwt' })}.${encode(approverClaims())}.`;

/** A client's own sign-in with another signature. */
const tampered = (token) => `${token.split('.').slice(0, 2).join('.')}.${Buffer.alloc(256, 7).toString('base64url')}`;

/**
 * Each attack gives where it goes, what is sent and with which statuses it must be refused; undefined where what it needs
 * is not there yet. `via` is a gateway, or `iis` for who comes past both.
 */
const ATTACKS = {
  'nobody signed in': (world) => ({ via: world.gateway(), ...READ, refuse: [401] }),
  'tampered sign-in': ({ tokens, gateway }) => ({
    via: gateway(),
    ...READ,
    headers: bearer(tampered(tokens.of('ada'))),
    refuse: [401, 403],
  }),
  'sign-in that has ended': ({ tokens, gateway }) =>
    tokens.ended && { via: gateway(), ...READ, headers: bearer(tokens.ended.token), refuse: [401, 403] },
  'forged token beside a sign-in': ({ tokens, gateway }) => ({
    via: gateway(),
    ...APPROVE,
    headers: [...bearer(tokens.of('carla')), 'Txn-Token', forged(approverClaims(), KID)],
    refuse: [403],
  }),
  'guest in the house': ({ tokens, gateway, random }) => ({
    via: gateway(),
    ...random.one([READ, APPROVE]),
    headers: bearer(tokens.of('nora')),
    refuse: [403],
  }),
  'sign-in straight to IIS': ({ tokens }) => ({
    via: 'iis',
    ...READ,
    headers: bearer(tokens.of('ada')),
    refuse: [401],
  }),
  'forged token to IIS': () => ({
    via: 'iis',
    ...READ,
    headers: ['Txn-Token', forged(approverClaims(), KID)],
    refuse: [401],
  }),
  'unsigned token to IIS': () => ({ via: 'iis', ...READ, headers: ['Txn-Token', unsigned()], refuse: [401] }),
  'altered token to IIS': ({ tokens }) => {
    const stolen = tokens.stolenFrom('carla');
    return stolen && { via: 'iis', ...APPROVE, headers: ['Txn-Token', altered(stolen.token)], refuse: [401] };
  },
  'token of another application': ({ tokens }) =>
    tokens.forAnother && { via: 'iis', ...READ, headers: ['Txn-Token', tokens.forAnother.token], refuse: [401] },
  'token replayed after its sign-in ended': ({ tokens }) =>
    tokens.stolenAndEnded && {
      via: 'iis',
      ...READ,
      headers: ['Txn-Token', tokens.stolenAndEnded.token],
      refuse: [401],
    },
  'look-alike header': ({ tokens, random }) => {
    const stolen = tokens.stolenFrom('ada');
    return (
      stolen && { via: 'iis', ...READ, headers: [random.one(['Txn_Token', 'Txn.Token']), stolen.token], refuse: [400] }
    );
  },
  'two tokens': ({ tokens }) => {
    const [one, other] = [tokens.stolenFrom('ada'), tokens.stolenFrom('carla')];
    return (
      one &&
      other && { via: 'iis', ...READ, headers: ['Txn-Token', one.token, 'txn-token', other.token], refuse: [400] }
    );
  },
  'another spelling of a path': ({ tokens, random }) => {
    const stolen = tokens.stolenFrom('carla');
    const path = random.one(['/INVOICES/7/Approve', '/invoices/7/approve/', '/invoices/7/%61pprove']);
    return (
      stolen && { via: 'iis', method: 'POST', path, headers: ['Txn-Token', stolen.token], refuse: [400, 403, 404] }
    );
  },
  "another's run": ({ tokens, gateway, random, work }) => {
    const [run, { who }] = random.one([...work.runs].slice(-50)) ?? [undefined, {}];
    const thief = who === 'carla' ? 'cleo' : 'carla';
    const method = random.one(['GET', 'DELETE']);
    return run && { via: gateway(), method, path: runPath(run), headers: bearer(tokens.of(thief)), refuse: [404] };
  },
  'approval by a clerk': ({ tokens, gateway, random, work }) => {
    const [run] = random.one(work.undecided()) ?? [];
    return run && { ...decision(gateway(), run, tokens.of('carla')), refuse: [403] };
  },
  'approval of an own request': ({ tokens, gateway, random, work }) => {
    const own = work.undecided(3000).filter(([, { who }]) => who === 'ada' || who === 'ben');
    const [run, { who }] = random.one(own) ?? [undefined, {}];
    return run && { ...decision(gateway(), run, tokens.of(who)), refuse: [403, 409] };
  },
  'key of other work': ({ tokens, gateway, random, work }) => {
    const [key, left] = random.one([...work.accepted].slice(-50)) ?? [];
    if (key === undefined) return undefined;
    const path = `/invoices/999/${left.action}`;
    const headers = [...bearer(tokens.of(left.who)), 'Idempotency-Key', key];
    return { via: gateway(), method: 'POST', path, headers, refuse: [409] };
  },
};

function decision(via, run, token) {
  const body = JSON.stringify({ decision: 'approve' });
  return { via, method: 'POST', path: `${runPath(run)}/approvals/Approval`, headers: bearer(token), body };
}

/** What a function's guard says, as the statuses that the judge knows. */
const GUARD = { 'baton.token_invalid': 401, 'baton.identity_missing': 401, 'baton.event_invalid': 400 };

/** What was handed over to one function, tried on another; or nothing at all. */
async function callDirectly({ relay, files, random }) {
  let event = { payload: { id: '7' } };
  try {
    if (random.number() < 0.7) event = JSON.parse(readFileSync(files.stolen, 'utf8'));
  } catch {
    // Nothing was rendered yet.
  }
  const sentAt = Date.now();
  const { failed, payload } = await callFunction(relay.lambda.url, 'pay-small-invoice', event, 'soak');
  const { errorType } = failed ? JSON.parse(payload) : {};
  const answer = { sentAt, answeredAt: Date.now(), headers: { 'retry-after': '5' } };
  if (errorType === 'baton.keys_unavailable') return { ...answer, status: 503, body: { code: 'keys_unavailable' } };
  return { ...answer, status: failed ? (GUARD[errorType] ?? 500) : 200, body: { code: errorType } };
}

/** One attack at a time, each kind as often as the others. */
class Attackers {
  #world;
  #left = [];

  constructor(world) {
    this.#world = world;
  }

  async attack() {
    const { random, send } = this.#world;
    if (this.#left.length === 0)
      this.#left = random.shuffled([...Object.keys(ATTACKS), 'hand-over on another function']);
    const name = this.#left.pop();
    if (name === 'hand-over on another function') {
      return this.#judged(name, await callDirectly(this.#world), [400, 401]);
    }
    const shot = ATTACKS[name](this.#world);
    if (!shot) return;
    const { via, refuse, ...request } = shot;
    this.#judged(name, await send(via, request), refuse);
  }

  #judged(name, answer, refuse) {
    const { judge } = this.#world;
    const outcome = judge.note(`attack: ${name}`, answer, { refuse });
    const counts = (judge.byAttack[name] ??= { tried: 0, refused: 0 });
    counts.tried++;
    if (outcome === 'refused') counts.refused++;
  }
}

module.exports = { Attackers };
