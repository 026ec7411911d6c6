import { types } from 'node:util';

const SECRET_NAMES =
  /^(?:authorization|proxy-authorization|cookie|set-cookie|txn-token|x-amz-security-token|x-amzn-oidc-data|x-amzn-ava-user-context|token|.*(?:secret|passwo?r?d|passphrase|credentials|private[_-]?key|api[_-]?key|secret[_-]?access[_-]?key|(?:access|id|refresh|session|security)[_-]?token|assertion))$/i;
/** The private members of a JWK (RFC 7518, section 6), beside its `kty`. */
const PRIVATE_JWK_MEMBERS = new Set(['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k']);
// A run of base64url words with dots between them. The look-behind lets each run be tried once: without it 16 kB of
// "eyJeyJ…" in a path cost a tenth of a second a line.
// AWS's load balancers pad each part.
const DOTTED_RUN = /(?<![\w-])[\w-]+={0,2}(?:\.[\w=-]*)+/g;
/** How two parts of a JWS begin, header and claims: `{"` is "ey", `{` and a line end is "ew". */
const TWO_JSON_PARTS = /(?:^|\.)e[yw][\w-]{8,}={0,2}\.e[yw]/;
const BEARER = /\b(Bearer|Basic)\s+[A-Za-z0-9._~+/=-]{8,}/gi;
const PRIVATE_PEM = /-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z ]*PRIVATE KEY-----|$)/g;
/** What stands in place of a secret. */
export const REDACTED = '[redacted]';
const UNREADABLE = '[unreadable]';
const MAX_DEPTH = 8;
/** One line says at most this many values: a request object holds its socket, its server and all that hangs on them. */
const MAX_VALUES = 2000;

const redactRun = (run: string): string => (run.includes('eyJ') || TWO_JSON_PARTS.test(run) ? REDACTED : run);

/** A text without secrets. */
export function redactText(text: string): string {
  // Cheap look-ups spare nearly every string the regular expressions.
  let safe = text.includes('.') && /e[yw]/.test(text) ? text.replace(DOTTED_RUN, redactRun) : text;
  if (/\s/.test(safe) && /\b(?:bearer|basic)\s/i.test(safe)) safe = safe.replace(BEARER, `$1 ${REDACTED}`);
  return safe.includes('PRIVATE KEY-----') ? safe.replace(PRIVATE_PEM, REDACTED) : safe;
}

/** What a member's name means for its value, and how the name itself is shown. */
export interface NameVerdict {
  readonly shown: string;
  readonly secret: boolean;
}

/** Lines have few names, and the same ones all the time. Bounded, because a name may come from a caller. */
const nameVerdicts = new Map<string, NameVerdict>();
const MAX_NAME_VERDICTS = 1000;
const MAX_KEPT_NAME_LENGTH = 64;

/** What a member's name means. */
export function judgeName(name: string): NameVerdict {
  const known = nameVerdicts.get(name);
  if (known !== undefined) return known;
  const verdict = { shown: redactText(name), secret: SECRET_NAMES.test(name) };
  if (name.length <= MAX_KEPT_NAME_LENGTH && nameVerdicts.size < MAX_NAME_VERDICTS) nameVerdicts.set(name, verdict);
  return verdict;
}

/** Sets a member of its own, also where its name is one that JavaScript has a meaning for. */
export function setMember(target: Record<string, unknown>, name: string, value: unknown): void {
  if (name !== '__proto__') target[name] = value;
  else Object.defineProperty(target, name, { value, enumerable: true, configurable: true, writable: true });
}

// Node's own errors are of another realm under test runners; `instanceof` would miss them.
const isError = (value: object): value is Error => types.isNativeError(value) || value instanceof Error;

/** An error as members, with its causes; the stack stays in the log and never reaches a caller. */
function errorMembers(error: Error): [string, unknown][] {
  const { name, message, stack, cause } = error;
  const { code, reason, kind } = error as { code?: unknown; reason?: unknown; kind?: unknown };
  const shown = { name, message, code, reason, stack: kind === undefined || kind === 'bug' ? stack : undefined, cause };
  return Object.entries(shown).filter(([, value]) => value !== undefined);
}

/** One walk through a line's values. */
class Redaction {
  #left = MAX_VALUES;
  readonly #above = new Set<object>();

  of(value: unknown): unknown {
    this.#left--;
    if (typeof value === 'string') return redactText(value);
    if (typeof value === 'bigint') return value.toString();
    // JSON would leave functions out, but call one named toJSON, and write what it gives in place of what was redacted.
    if (typeof value === 'function' || typeof value === 'symbol') return undefined;
    if (typeof value !== 'object' || value === null) return value;
    if (this.#above.has(value)) return '[circular]';
    if (this.#above.size >= MAX_DEPTH) return '[too deep]';
    this.#above.add(value);
    try {
      return this.#object(value);
    } catch {
      // A getter or a proxy that throws must not take the request down that is being logged.
      return UNREADABLE;
    } finally {
      this.#above.delete(value);
    }
  }

  #object(value: object): unknown {
    if (types.isDate(value)) return Number.isNaN(value.getTime()) ? null : value.toISOString();
    if (ArrayBuffer.isView(value)) return '[binary]';
    return Array.isArray(value) ? this.#list(value) : this.members(value);
  }

  #list(list: readonly unknown[]): unknown[] {
    const shown: unknown[] = [];
    for (const item of list) {
      if (this.#left <= 0) return [...shown, '[and more]'];
      shown.push(this.of(item));
    }
    return shown;
  }

  members(value: object): Record<string, unknown> {
    const shown: Record<string, unknown> = {};
    const isJwk = typeof (value as { kty?: unknown }).kty === 'string';
    for (const [name, item] of isError(value) ? errorMembers(value) : Object.entries(value)) {
      if (this.#left <= 0) {
        shown['…'] = '[and more]';
        break;
      }
      const verdict = judgeName(name);
      const secret = verdict.secret || (isJwk && PRIVATE_JWK_MEMBERS.has(name));
      setMember(shown, verdict.shown, secret ? REDACTED : this.of(item));
    }
    return shown;
  }
}

/**
 * Log fields without secrets: members that are named like credentials, private keys, and anything that has the form of a
 * JOSE token or an Authorization value, wherever it stands. Transaction Tokens must never be logged
 * (draft-ietf-oauth-transaction-tokens-10, security considerations). Never throws, whatever is handed in: circles, depth
 * and size are cut off.
 */
export function redact(fields: Readonly<Record<string, unknown>>): Record<string, unknown> {
  try {
    return new Redaction().members(fields);
  } catch {
    // One getter that throws costs its own value, not the line: an audit trail must say that something was done.
    return new Redaction().members(readableMembers(fields));
  }
}

function readableMembers(fields: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const readable: Record<string, unknown> = {};
  try {
    for (const name of Object.keys(fields)) setMember(readable, name, readMember(fields, name));
  } catch {
    readable.fields = UNREADABLE;
  }
  return readable;
}

function readMember(fields: Readonly<Record<string, unknown>>, name: string): unknown {
  try {
    return fields[name];
  } catch {
    return UNREADABLE;
  }
}

/** One value without secrets, as {@link redact} has it. */
export function redactValue(value: unknown): unknown {
  return typeof value === 'string' ? redactText(value) : new Redaction().of(value);
}
