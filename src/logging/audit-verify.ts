import { createReadStream } from 'node:fs';
import { basename, resolve } from 'node:path';
import { BatonError } from '../core/errors';
import { systemFault } from '../core/system-fault';
import type { KeyFinder } from '../jws/keys';
import type { AuditPlace } from './audit-checkpoint';
import { readOpening, type AuditOpening } from './audit-file';
import { MAX_AUDIT_LINE_BYTES } from './audit-line';
import { ChainCheck, type AuditFault } from './audit-verify-chain';

export type { AuditFault, AuditFaultKind } from './audit-verify-chain';

/** What was found in one file. */
export interface AuditFileReport {
  readonly file: string;
  readonly ok: boolean;
  /** Lines in the file, half ones included. */
  readonly lines: number;
  /** ID of its chain; absent where the first line does not say. */
  readonly chain?: string;
  /** Which file of its chain it is, from 1. */
  readonly part?: number;
  /** Number in the chain and hash of the last line that is right. */
  readonly last?: { readonly seq: number; readonly hash: string };
  /** Number in the chain of the last line that a signature vouches for; needs the keys. */
  readonly signedThrough?: number;
  /** True where the chain was ended in order. */
  readonly ended: boolean;
  /** The first line that is wrong. */
  readonly fault?: AuditFault;
  /** What is no fault, but should be known. */
  readonly notes: readonly string[];
}

/** What was found in all files. */
export interface AuditReport {
  readonly ok: boolean;
  readonly files: readonly AuditFileReport[];
  /** Chains that a checkpoint names and no file holds. */
  readonly missingChains: readonly string[];
}

/** What the files are held against. */
export interface VerifyOptions {
  /** Keys of checkpoints. Without them signatures are not checked. */
  readonly keys?: KeyFinder;
  /** Places that were kept elsewhere. */
  readonly places?: readonly AuditPlace[];
}

interface GivenFile {
  readonly path: string;
  readonly opening: AuditOpening | undefined;
}

const LINE_FEED = 0x0a;

function openingAt(path: string): AuditOpening | undefined {
  try {
    return readOpening(path);
  } catch (cause) {
    throw new BatonError('option_invalid', `The file ${path} cannot be read (${systemFault(cause)}).`, { cause });
  }
}

/** The files by chain, each chain's in their order; a file without an opening is a chain of its own. */
function byChain(paths: readonly string[]): GivenFile[][] {
  const chains = new Map<string, GivenFile[]>();
  for (const path of new Set(paths.map((given) => resolve(given)))) {
    const opening = openingAt(path);
    const name = opening?.chain ?? path;
    chains.set(name, [...(chains.get(name) ?? []), { path, opening }]);
  }
  const partOf = ({ opening }: GivenFile): number => opening?.part ?? 0;
  return [...chains.values()].map((files) => files.sort((a, b) => partOf(a) - partOf(b)));
}

/** Reads a file line by line; a line beyond the limit is handed over in pieces, none of which can be right. */
async function readLines(path: string, check: ChainCheck): Promise<void> {
  let rest: Buffer = Buffer.alloc(0);
  for await (const chunk of createReadStream(path, { highWaterMark: 256 * 1024 })) {
    const bytes = rest.length === 0 ? (chunk as Buffer) : Buffer.concat([rest, chunk as Buffer]);
    let start = 0;
    for (let end = bytes.indexOf(LINE_FEED); end >= 0; end = bytes.indexOf(LINE_FEED, start)) {
      check.line(bytes.subarray(start, end));
      start = end + 1;
    }
    rest = bytes.subarray(start);
    if (rest.length > MAX_AUDIT_LINE_BYTES) {
      check.line(rest);
      rest = Buffer.alloc(0);
    }
    await check.signatures();
  }
  if (rest.length > 0) check.halfLine(rest);
}

async function verifyFile(check: ChainCheck, { path, opening }: GivenFile): Promise<AuditFileReport> {
  check.beginFile(basename(path), opening);
  await readLines(path, check);
  const found = await check.endFile();
  const { chain, part } = opening ?? {};
  const facts = { ...(chain !== undefined && { chain }), ...(part !== undefined && { part }) };
  return { file: path, ok: found.fault === undefined, ...facts, ...found };
}

/**
 * Holds the files of audit trails against their hash chains, against each other, and against what was kept elsewhere.
 * Reads each file once, in bounded memory; the order in which files are named does not count.
 *
 * @throws BatonError `option_invalid` for a file that cannot be read
 */
export async function verifyAuditFiles(paths: readonly string[], options: VerifyOptions = {}): Promise<AuditReport> {
  const chains = byChain(paths);
  const ends = chains.flat().flatMap(({ opening }) => opening?.follows ?? []);
  const files: AuditFileReport[] = [];
  for (const given of chains) {
    const chain = given[0]?.opening?.chain;
    const places = (options.places ?? []).filter((place) => place.chain === chain);
    const check = new ChainCheck({
      places,
      ends: ends.filter((end) => end.chain === chain),
      keys: options.keys,
    });
    for (const [index, file] of given.entries()) {
      check.isLastFile = index === given.length - 1;
      files.push(await verifyFile(check, file));
    }
  }
  const known = new Set(chains.map(([first]) => first?.opening?.chain));
  const missing = (options.places ?? []).map(({ chain }) => chain).filter((chain) => !known.has(chain));
  const missingChains = [...new Set(missing)];
  return { ok: missingChains.length === 0 && files.every(({ ok }) => ok), files, missingChains };
}
