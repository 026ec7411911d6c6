import type { KeyFinder } from '../jws/keys';
import { MAX_CHECKPOINT_DISTANCE, readCheckpoint, type AuditPlace } from './audit-checkpoint';
import type { AuditOpening, FileEnd } from './audit-file';
import { CHAIN_START, readLine, type AuditLine } from './audit-line';

/** What is wrong with a line. */
export type AuditFaultKind = 'changed' | 'missing' | 'reordered' | 'cut off' | 'bad checkpoint';

/** The first line of a file that is wrong. */
export interface AuditFault {
  readonly kind: AuditFaultKind;
  /** Line of the file, from 1. */
  readonly line: number;
  readonly message: string;
}

/** What {@link ChainCheck.endFile} says of a file. */
export interface FileFindings {
  readonly lines: number;
  readonly ended: boolean;
  readonly last?: { readonly seq: number; readonly hash: string };
  readonly signedThrough?: number;
  readonly fault?: AuditFault;
  readonly notes: readonly string[];
}

/** What a chain is held against. */
export interface ChainExpectations {
  readonly keys: KeyFinder | undefined;
  /** Places of this chain that were kept elsewhere. */
  readonly places: readonly AuditPlace[];
  /** What the openings of other files say of this chain. */
  readonly ends: readonly FileEnd[];
}

/** A checkpoint that was read and not verified yet. */
interface PendingCheckpoint {
  readonly line: number;
  readonly jws: unknown;
}

/** Checkpoints are verified when a piece of the file was read: the line that one names must still be known then. */
const KEPT_HASHES = 2 * MAX_CHECKPOINT_DISTANCE;

/** The hashes of the last lines, in memory that does not grow. */
class RecentHashes {
  readonly #ring: { readonly seq: number; readonly hash: string }[] = [];

  add(seq: number, hash: string): void {
    this.#ring[seq % KEPT_HASHES] = { seq, hash };
  }

  of(seq: number): string | undefined {
    const kept = this.#ring[seq % KEPT_HASHES];
    return kept?.seq === seq ? kept.hash : undefined;
  }
}

/** One walk along one chain, through all of its files. */
export class ChainCheck {
  isLastFile = true;
  readonly #keys: KeyFinder | undefined;
  readonly #expected = new Map<number, Set<string>>();
  readonly #places: readonly AuditPlace[];
  readonly #ends: readonly FileEnd[];
  readonly #recent = new RecentHashes();
  #chain: string | undefined;
  /** The line with which the walk began, or began anew: those before it are not known. */
  #firstSeq = 0;
  #nextSeq = 0;
  #prev = CHAIN_START;
  #part = 0;
  #signedThrough: number | undefined;

  #lines = 0;
  #fault: AuditFault | undefined;
  /** What stood where the first fault is, to tell lines that were moved from lines that are gone. */
  #gap: { readonly seq: number; readonly prev: string } | undefined;
  #ended = false;
  #file = '';
  #notes: string[] = [];
  #pending: PendingCheckpoint[] = [];

  constructor({ keys, places, ends }: ChainExpectations) {
    this.#keys = keys;
    this.#places = places;
    this.#ends = ends;
    for (const { seq, hash } of [...places, ...ends]) {
      this.#expected.set(seq, (this.#expected.get(seq) ?? new Set()).add(hash));
    }
  }

  /** Begins the next file of the chain; `opening` is its first line, if that is one. */
  beginFile(file: string, opening: AuditOpening | undefined): void {
    const continues = this.#fault === undefined && opening?.part === this.#part + 1;
    this.#file = file;
    this.#lines = 0;
    this.#fault = undefined;
    this.#gap = undefined;
    this.#ended = false;
    this.#notes = [];
    if (opening === undefined) return;
    if (!continues) this.#takeUp(opening);
    this.#chain = opening.chain;
    this.#part = opening.part;
  }

  /** Begins in the middle of a chain: what comes before cannot be checked. */
  #takeUp({ part, line }: AuditOpening): void {
    [this.#nextSeq, this.#prev] = part === 1 ? [0, CHAIN_START] : [line.seq, line.prev];
    this.#firstSeq = this.#nextSeq;
    const isKept = this.#places.some(({ seq }) => seq < line.seq);
    if (this.#part === 0 ? isKept : part > this.#part + 1) {
      this.#found('missing', `Part ${this.#part + 1} of the chain was not given.`, 1);
    } else if (this.#part === 0 && part > 1) {
      this.#notes.push('The parts of the chain before this one were not given.');
    }
  }

  /** The next line, without its line end. */
  line(bytes: Buffer): void {
    this.#lines++;
    const line = readLine(bytes);
    if (this.#fault !== undefined) this.#lookForMoved(line);
    else if (line === undefined) this.#found('changed', 'Its hash is not that of its content.');
    else this.#follow(line);
  }

  /** What stands behind the last line end. */
  halfLine(bytes: Buffer): void {
    this.#lines++;
    if (this.#fault !== undefined) return;
    if (readLine(bytes) !== undefined) {
      this.#found('cut off', 'The file ends without the line end of its last line.');
      return;
    }
    const seen = this.#ends.find(
      ({ file, seq, halfLine }) => file === this.#file && halfLine && seq === this.#nextSeq - 1,
    );
    if (seen !== undefined) {
      this.#notes.push('The last line is half a line, and was so when the next file was begun: its writer was ended.');
      return;
    }
    const crash = 'a process that was ended while it wrote leaves this, and so does a cut';
    this.#found('cut off', `The last line ends in the middle: ${crash}.`);
  }

  /** Verifies the checkpoints that were read so far. */
  async signatures(): Promise<void> {
    for (const pending of this.#pending.splice(0)) await this.#verifyCheckpoint(pending);
  }

  /** Ends the file at hand. */
  async endFile(): Promise<FileFindings> {
    await this.signatures();
    if (this.#fault === undefined) this.#checkEnd();
    const seq = this.#nextSeq - 1;
    const last = seq < 0 ? undefined : { seq, hash: this.#prev };
    return {
      lines: this.#lines,
      ended: this.#ended,
      ...(last && { last }),
      ...(this.#signedThrough !== undefined && { signedThrough: this.#signedThrough }),
      ...(this.#fault && { fault: this.#fault }),
      notes: this.#notes,
    };
  }

  #found(kind: AuditFaultKind, message: string, line = this.#lines): void {
    if (this.#fault === undefined || line < this.#fault.line) this.#fault = { kind, line, message };
  }

  #follow(line: AuditLine): void {
    const expected = this.#nextSeq;
    if (line.seq !== expected) {
      this.#gap = { seq: expected, prev: this.#prev };
      const gone =
        line.seq === expected + 1 ? `Line ${expected} of the chain is` : `Lines ${expected} to ${line.seq - 1} are`;
      if (line.seq > expected) this.#found('missing', `${gone} not here.`);
      else this.#found('reordered', `Line ${line.seq} of the chain stands behind line ${expected - 1}.`);
      return;
    }
    if (this.#ended) {
      this.#found('changed', 'It stands behind the last line of its chain.');
      return;
    }
    if (line.prev !== this.#prev) {
      this.#found('changed', 'It does not continue the line before: one of the two was written anew.');
      return;
    }
    const kept = this.#expected.get(line.seq);
    if (kept !== undefined && (kept.size > 1 || !kept.has(line.hash))) {
      this.#found(
        'changed',
        'It is not the line that a checkpoint elsewhere names: it or one before was written anew.',
      );
      return;
    }
    const other = this.#recent.of(line.seq);
    if (other !== undefined && other !== line.hash) {
      this.#found(
        'changed',
        `Another file has another line ${line.seq} of this chain: one of the two was written anew.`,
      );
      return;
    }
    this.#accept(line);
  }

  #accept({ seq, hash, fields }: AuditLine): void {
    this.#expected.delete(seq);
    this.#recent.add(seq, hash);
    this.#nextSeq = seq + 1;
    this.#prev = hash;
    this.#ended = fields.type === 'audit_end';
    if (fields.type === 'audit_lost')
      this.#notes.push(`Before line ${this.#lines}, ${String(fields.lost)} lines were lost.`);
    if (fields.type !== 'audit_checkpoint') return;
    this.#pending.push({ line: this.#lines, jws: fields.jws });
  }

  /** Behind a gap: the line that belongs there shows that it was moved, not removed. */
  #lookForMoved(line: AuditLine | undefined): void {
    if (this.#gap === undefined || this.#fault?.kind !== 'missing') return;
    if (line?.seq !== this.#gap.seq || line.prev !== this.#gap.prev) return;
    const message = `Line ${line.seq} of the chain belongs here and stands in line ${this.#lines} of the file.`;
    this.#fault = { kind: 'reordered', line: this.#fault.line, message };
  }

  async #verifyCheckpoint({ line, jws }: PendingCheckpoint): Promise<void> {
    let place: AuditPlace;
    try {
      place = await readCheckpoint(String(jws), this.#keys);
    } catch (error) {
      this.#found('bad checkpoint', (error as Error).message, line);
      return;
    }
    const hash = this.#recent.of(place.seq);
    // A line before the first file that was given cannot be compared, so nothing vouches for those that were. One that is
    // too far back to be known any more is none that a trail names: an old checkpoint would sign whatever follows it.
    const isBefore = hash === undefined && place.seq < this.#firstSeq;
    if (place.chain !== this.#chain || (!isBefore && hash !== place.hash)) {
      this.#found('bad checkpoint', 'It names another line than the one that is in the file.', line);
      return;
    }
    if (this.#keys !== undefined && !isBefore) this.#signedThrough = Math.max(this.#signedThrough ?? 0, place.seq);
  }

  #checkEnd(): void {
    if (this.#lines === 0) this.#found('cut off', 'The file is empty.', 1);
    const elsewhere = this.isLastFile
      ? [...this.#expected.keys()]
      : this.#ends.filter(({ file }) => file === this.#file).map(({ seq }) => seq);
    const lastSeq = elsewhere.reduce((last, seq) => Math.max(last, seq), -1);
    if (lastSeq >= this.#nextSeq) {
      this.#found('cut off', `The chain went on to line ${lastSeq} at least, as is said elsewhere.`, this.#lines + 1);
    }
    if (!this.isLastFile || this.#fault !== undefined) return;
    if (this.#keys !== undefined && this.#signedThrough === undefined) {
      this.#found('bad checkpoint', 'No line of the chain has a signed checkpoint.', this.#lines + 1);
    }
    if (this.#ended) return;
    this.#notes.push('The chain has no last line: its process runs, was ended without notice, or lines were cut off.');
  }
}
