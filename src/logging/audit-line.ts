import { hash } from 'node:crypto';
import { formatLine } from './line';

/** What the first line of a chain names as the line before it: there is none. */
export const CHAIN_START = 'A'.repeat(43);

/** Longest line that a trail writes and its verification reads, in bytes: memory stays bounded on both sides. */
export const MAX_AUDIT_LINE_BYTES = 1024 * 1024;

/** Where the hash stands in each line: its last member, so that what is hashed is the rest as it is. */
const HASH_MEMBER = /^,"hash":"([\w-]{43})"\}$/;
const HASH_MEMBER_LENGTH = ',"hash":""}'.length + 43;
const CLOSING_BRACE = Buffer.from('}');

/** A line of a trail that is whole: its hash is that of its bytes. */
export interface AuditLine {
  readonly seq: number;
  /** Hash of the line before. */
  readonly prev: string;
  readonly hash: string;
  readonly fields: Readonly<Record<string, unknown>>;
}

/**
 * One line of a hash chain as text, without line end: JSON whose last member is the SHA-256 of the line without that
 * member, byte for byte, in base64url. No canonical form is needed: nobody has to write the JSON again to check it.
 */
export function sealLine(
  seq: number,
  timestamp: string,
  prev: string,
  fields: Readonly<Record<string, unknown>>,
): { readonly text: string; readonly hash: string } {
  const open = formatLine({ seq, timestamp, prev, ...fields });
  const digest = hash('sha256', open, 'base64url');
  return { text: `${open.slice(0, -1)},"hash":"${digest}"}`, hash: digest };
}

/** The line, if its hash is that of its bytes; undefined for one that was changed, or is none. */
export function readLine(bytes: Buffer): AuditLine | undefined {
  const end = bytes.length - HASH_MEMBER_LENGTH;
  if (end < 2) return undefined;
  const claimed = HASH_MEMBER.exec(bytes.toString('latin1', end))?.[1];
  const open = Buffer.concat([bytes.subarray(0, end), CLOSING_BRACE]);
  if (claimed === undefined || hash('sha256', open, 'base64url') !== claimed) return undefined;
  let fields: unknown;
  try {
    fields = JSON.parse(open.toString('utf8'));
  } catch {
    return undefined;
  }
  const { seq, prev } = (fields ?? {}) as { seq?: unknown; prev?: unknown };
  if (!Number.isSafeInteger(seq) || typeof prev !== 'string') return undefined;
  return { seq: seq as number, prev, hash: claimed, fields: fields as Record<string, unknown> };
}
