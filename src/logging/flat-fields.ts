import { judgeName, REDACTED, redactText } from './redact';

/** What more members or items than this are worth is for the thorough way to say, which counts. */
const MAX_MEMBERS = 64;
/** Members with a meaning beyond their value: those that stand first in each line, what makes a JWK, JavaScript's own. */
const SPECIAL = new Set(['timestamp', 'level', 'message', 'kty', '__proto__']);

/** The value without secrets; undefined for one that has a depth, or that JSON does not write as it is. */
function flatValue(value: unknown): string | number | boolean | null | readonly string[] | undefined {
  if (typeof value === 'string') return redactText(value);
  if (typeof value === 'number' || typeof value === 'boolean' || value === null) return value;
  return Array.isArray(value) && value.length <= MAX_MEMBERS ? flatTexts(value) : undefined;
}

function flatTexts(list: readonly unknown[]): readonly string[] | undefined {
  const shown: string[] = [];
  for (const item of list) {
    if (typeof item !== 'string') return undefined;
    shown.push(redactText(item));
  }
  return shown;
}

function addMembers(line: Record<string, unknown>, fields: Readonly<Record<string, unknown>>): boolean {
  const names = Object.keys(fields);
  if (names.length > MAX_MEMBERS) return false;
  for (const name of names) {
    const { secret, shown } = judgeName(name);
    if (shown !== name || SPECIAL.has(name)) return false;
    const value = fields[name];
    if (value === undefined && !secret) continue;
    const flat = secret ? REDACTED : flatValue(value);
    if (flat === undefined) return false;
    line[name] = flat;
  }
  return true;
}

/**
 * Adds fields to a line in one pass, redacted as `redact()` has it, where they are as flat as most are: texts, numbers,
 * lists of texts. It spares the line of a request three copies, 3 µs on Node 24.
 *
 * @returns false where they are anything else; the line is then half made, and to be thrown away
 */
export function addFlatFields(line: Record<string, unknown>, fields: Readonly<Record<string, unknown>>): boolean {
  try {
    return Object.getPrototypeOf(fields) === Object.prototype && addMembers(line, fields);
  } catch {
    // A getter or a proxy that throws: the thorough way knows what to write.
    return false;
  }
}
