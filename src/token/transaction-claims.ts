import { tokenInvalid } from '../core/errors';
import { definedMembers } from '../core/objects';
import type {
  ActorClaim,
  RequesterContextClaim,
  TransactionClaims,
  TransactionContextClaim,
} from '../core/transaction';

const MAX_ACTORS = 4;
const MAX_ROLES = 256;
const MAX_TEXT = 512;

type Claims = Readonly<Record<string, unknown>>;

const fault = (what: string): Error => tokenInvalid('claims', `The token's ${what}.`);

function text(claims: Claims, name: string, { empty = false } = {}): string {
  const value = claims[name];
  if (typeof value !== 'string' || value.length > MAX_TEXT * 8 || (!empty && value === '')) {
    throw fault(`${name} is missing or is not a string`);
  }
  return value;
}

function optionalText(claims: Claims, name: string): string | undefined {
  return claims[name] === undefined ? undefined : text(claims, name);
}

function optionalSeconds(claims: Claims, name: string): number | undefined {
  const value = claims[name];
  if (value !== undefined && (typeof value !== 'number' || value < 0)) throw fault(`${name} is not a NumericDate`);
  return value;
}

function optionalObject(claims: Claims, name: string): Claims | undefined {
  const value = claims[name];
  if (value !== undefined && (typeof value !== 'object' || value === null || Array.isArray(value))) {
    throw fault(`${name} is not an object`);
  }
  return value as Claims | undefined;
}

function textList(value: unknown, name: string): readonly string[] {
  if (!Array.isArray(value) || value.length > MAX_ROLES || !value.every((item) => typeof item === 'string')) {
    throw fault(`${name} is not a list of strings`);
  }
  return Object.freeze([...value]);
}

function readActor(claims: Claims, depth = 1): ActorClaim | undefined {
  const act = optionalObject(claims, 'act');
  if (act === undefined) return undefined;
  if (depth > MAX_ACTORS) throw fault('act names too many actors');
  const before = readActor(act, depth + 1);
  return Object.freeze({ sub: text(act, 'sub'), ...(before && { act: before }) });
}

function readContext(claims: Claims): TransactionContextClaim {
  const tctx = optionalObject(claims, 'tctx');
  if (tctx === undefined) throw fault('tctx is missing');
  const { kind } = tctx;
  if (kind !== 'user' && kind !== 'application') throw fault('tctx.kind is neither user nor application');
  return definedMembers<TransactionContextClaim>({
    roles: textList(tctx.roles, 'tctx.roles'),
    kind,
    tenant: optionalText(tctx, 'tenant'),
    name: optionalText(tctx, 'name'),
    policy: optionalText(tctx, 'policy'),
  });
}

function readRequester(claims: Claims): RequesterContextClaim {
  const rctx = optionalObject(claims, 'rctx') ?? {};
  return definedMembers<RequesterContextClaim>({
    idp: optionalText(rctx, 'idp'),
    acr: optionalText(rctx, 'acr'),
    amr: rctx.amr === undefined ? undefined : textList(rctx.amr, 'rctx.amr'),
    auth_time: optionalSeconds(rctx, 'auth_time'),
    req_ip: optionalText(rctx, 'req_ip'),
    req_bind: optionalText(rctx, 'req_bind'),
    idp_exp: optionalSeconds(rctx, 'idp_exp'),
  });
}

/**
 * The claims that travel on, read strictly out of a verified token: Transaction Token and hand-over token share them.
 * @throws BatonError `token_invalid`, reason `claims`
 */
export function readTransactionClaims(claims: Claims): TransactionClaims {
  return definedMembers<TransactionClaims>({
    sub: text(claims, 'sub'),
    scope: text(claims, 'scope', { empty: true }),
    txn: text(claims, 'txn'),
    act: readActor(claims),
    tctx: readContext(claims),
    rctx: readRequester(claims),
  });
}

/** Only the claims that travel on, of a value that may hold more. */
export function pickTransactionClaims({ sub, scope, txn, act, tctx, rctx }: TransactionClaims): TransactionClaims {
  return definedMembers<TransactionClaims>({ sub, scope, txn, act, tctx, rctx });
}
