import { tokenInvalid } from '../core/errors';

const MAX_DEPTH = 16;
const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COLON = 0x3a;

/** How many members the text writes down. Each has exactly one colon outside of strings; the text is valid JSON. */
function membersWritten(text: string): number {
  let members = 0;
  let inString = false;
  for (let i = 0; i < text.length; i++) {
    const char = text.charCodeAt(i);
    if (inString) {
      if (char === BACKSLASH) i++;
      else if (char === QUOTE) inString = false;
    } else if (char === QUOTE) inString = true;
    else if (char === COLON) members++;
  }
  return members;
}

/** How many members the parsed value kept. */
function membersKept(value: unknown, depth: number): number {
  if (typeof value === 'number' && !Number.isFinite(value)) {
    throw tokenInvalid('malformed', 'The token holds a number that is out of range.');
  }
  if (typeof value !== 'object' || value === null) return 0;
  if (depth >= MAX_DEPTH) throw tokenInvalid('malformed', 'The token nests its JSON too deeply.');
  let members = 0;
  if (Array.isArray(value)) {
    for (const item of value) members += membersKept(item, depth + 1);
    return members;
  }
  // By name and not by entry: each entry is a list of its own, for each member of each new token.
  for (const name of Object.keys(value)) {
    if (name === '__proto__') throw tokenInvalid('malformed', 'The token has a member named __proto__.');
    members += 1 + membersKept((value as Record<string, unknown>)[name], depth + 1);
  }
  return members;
}

/**
 * A JSON object in which no member is given twice (RFC 7515, section 4 and RFC 7519, section 4 let a parser refuse
 * these: with "last one wins" two readers of one token can see two subjects), no number is infinite and the depth has a
 * bound.
 *
 * JSON.parse drops repeated members, so it is enough to compare how many are written and how many were kept; that sees
 * through names spelt with escapes, too.
 *
 * @throws BatonError `token_invalid`
 */
export function parseStrictObject(text: string, part: string): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    // The parser's own message quotes the text, which is part of a credential: no cause.
    throw tokenInvalid('malformed', `The token's ${part} is not JSON.`);
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw tokenInvalid('malformed', `The token's ${part} is not a JSON object.`);
  }
  if (membersWritten(text) !== membersKept(value, 0)) {
    throw tokenInvalid('malformed', `The token's ${part} gives a member twice.`);
  }
  return value as Record<string, unknown>;
}
