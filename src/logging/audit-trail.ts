import { randomUUID } from 'node:crypto';
import { systemClock, type Clock } from '../core/clock';
import { BatonError } from '../core/errors';
import type { AuditEvent, AuditSink, Logger } from '../core/logger';
import { checkOptionNames, wholeNumber } from '../core/options';
import { systemFault } from '../core/system-fault';
import type { Signer } from '../jws/sign';
import { AuditChain } from './audit-chain';
import type { AuditPlace } from './audit-checkpoint';
import { Checkpoints, type AuditCheckpoint } from './audit-checkpoints';
import { checkFolder, unwritable } from './audit-file';
import { auditView, type AuditView } from './audit-personal';
import { redact } from './redact';
import { subjectHash, type SubjectOptions } from './subjects';

/** Options of {@link createAuditTrail}. */
export interface AuditTrailOptions extends SubjectOptions {
  /** What the files are named after: `audit.jsonl` gives `audit.<start>-<pid>-<chain>.0001.jsonl` beside it. */
  readonly file: string;
  /** Signs checkpoints. Without one the chain stands, and checkpoints are places without a signature. */
  readonly signer?: Signer;
  /** A checkpoint after this many lines. Default 1,000. */
  readonly checkpointEvery?: number;
  /** A checkpoint this many seconds after the first line that none covers. Default 60. */
  readonly checkpointSeconds?: number;
  /** Ships a checkpoint to where this server cannot change it. What it throws is logged. */
  readonly onCheckpoint?: (checkpoint: AuditCheckpoint) => unknown;
  /** A file that has reached this size is followed by a new one. Default 64 MiB; nothing is ever deleted. */
  readonly maxBytes?: number;
  /**
   * When lines are forced to the disk itself. Each is handed to the operating system before `record` returns, whatever
   * this says: only a power failure or a crash of the machine can lose it. Default `checkpoint`; `line` costs a wait for
   * the disk each line.
   */
  readonly fsync?: 'line' | 'checkpoint' | 'never';
  /**
   * What happens to requests while lines cannot be written, on a full disk say. `continue`, the default, lets them pass
   * and counts the lines that are lost; `refuse` answers 503 (`audit_unwritable`): nothing is done that is not recorded.
   */
  readonly whenUnwritable?: 'continue' | 'refuse';
  /** `kept` leaves names, mail and network addresses of people in the lines. Default `redacted`. */
  readonly personalData?: 'redacted' | 'kept';
  /** Where trouble and the places of checkpoints are logged. Default: trouble becomes a process warning. */
  readonly logger?: Logger;
  readonly clock?: Clock;
}

/** An audit trail in files of its own. */
export interface AuditTrail extends AuditSink {
  /** What the files are named after. */
  readonly file: string;
  /** The file that is written now. */
  readonly path: string;
  /** Where the last line stands. */
  readonly place: AuditPlace;
  /**
   * Writes a line as `record` does, or throws, whatever `whenUnwritable` says: for whoever has the event still, and comes
   * with it again.
   *
   * @throws BatonError `audit_unwritable`; then there is no such line
   */
  append(event: AuditEvent): void;
  /**
   * Has all lines up to here brought to the disk itself: they outlast a power failure.
   * @throws BatonError `audit_unwritable`
   */
  sync(): Promise<void>;
  /** Takes a checkpoint now, for example before a file is copied. */
  checkpoint(): Promise<AuditCheckpoint>;
  /** Takes a last checkpoint, writes the line that says that the chain has ended, and closes the file. */
  close(): Promise<void>;
}

/** Members that the trail itself writes; an event cannot bring its own. */
const RESERVED = ['seq', 'timestamp', 'prev', 'hash', 'type'];
const OWNER = 'createAuditTrail()';

const warningLogger: Logger = {
  error: (message) => process.emitWarning(message),
  warn: (message) => process.emitWarning(message),
  info: () => undefined,
  debug: () => undefined,
};

/** @throws BatonError `option_invalid` */
function choice<T extends string>(name: string, value: T | undefined, choices: readonly [T, ...T[]]): T {
  if (value === undefined) return choices[0];
  if (choices.includes(value)) return value;
  throw new BatonError('option_invalid', `${OWNER}: option "${name}" must be one of ${choices.join(', ')}.`);
}

function openChain(options: AuditTrailOptions, syncEachLine: boolean): AuditChain {
  const { file, clock = systemClock } = options;
  if (typeof file !== 'string' || file === '') {
    throw new BatonError('option_invalid', `${OWNER}: option "file" must be the path of a file.`);
  }
  const fallback = 64 * 1024 * 1024;
  const limits = { fallback, min: 4096, max: Number.MAX_SAFE_INTEGER };
  const maxBytes = wholeNumber(OWNER, 'maxBytes', options.maxBytes, limits);
  checkFolder(file);
  try {
    return new AuditChain({ file, chain: randomUUID(), maxBytes, syncEachLine, clock });
  } catch (cause) {
    throw unwritable(file, cause);
  }
}

const unwritten = (cause: unknown): BatonError =>
  new BatonError(
    'audit_unwritable',
    `The audit trail cannot be written (${systemFault(cause)}), and nothing is to be done that is not recorded.`,
    { cause },
  );

class FileTrail implements AuditTrail {
  readonly file: string;
  readonly #chain: AuditChain;
  readonly #checkpoints: Checkpoints;
  readonly #view: AuditView;
  readonly #logger: Logger;
  readonly #refuse: boolean;
  readonly #atExit = (): void => this.#end();
  #lost = 0;
  #closing: Promise<void> | undefined;

  constructor(options: AuditTrailOptions) {
    const { signer, onCheckpoint, logger = warningLogger, clock = systemClock } = options;
    const every = wholeNumber(OWNER, 'checkpointEvery', options.checkpointEvery, {
      ...{ fallback: 1000, min: 1, max: 1_000_000 },
    });
    const seconds = wholeNumber(OWNER, 'checkpointSeconds', options.checkpointSeconds, {
      ...{ fallback: 60, min: 1, max: 86_400 },
    });
    const fsync = choice('fsync', options.fsync, ['checkpoint', 'line', 'never']);
    this.#refuse = choice('whenUnwritable', options.whenUnwritable, ['continue', 'refuse']) === 'refuse';
    const keepPersonal = choice('personalData', options.personalData, ['redacted', 'kept']) === 'kept';
    this.#view = { hashed: subjectHash(OWNER, options), keepPersonal };
    this.#logger = logger;
    this.file = options.file;
    this.#chain = openChain(options, fsync === 'line');
    const sync = fsync === 'checkpoint';
    this.#checkpoints = new Checkpoints(this.#chain, { signer, every, seconds, onCheckpoint, logger, sync, clock });
    // The opening line is worth a checkpoint of its own: it anchors the files of the processes before.
    this.#checkpoints.takeLater();
    process.once('exit', this.#atExit);
  }

  get path(): string {
    return this.#chain.path;
  }

  get place(): AuditPlace {
    return this.#chain.place;
  }

  record(event: AuditEvent): void {
    try {
      this.#write(event);
    } catch (cause) {
      this.#failed(cause);
    }
  }

  append(event: AuditEvent): void {
    try {
      this.#write(event);
    } catch (cause) {
      throw unwritten(cause);
    }
  }

  async sync(): Promise<void> {
    try {
      await this.#chain.sync();
    } catch (cause) {
      throw unwritten(cause);
    }
  }

  #write(event: AuditEvent): void {
    const fields = auditView(redact(event), this.#view);
    for (const name of RESERVED) delete fields[name];
    if (this.#lost > 0) this.#chain.append({ type: 'audit_lost', lost: this.#lost });
    this.#lost = 0;
    this.#chain.append({ type: 'audit', ...fields });
    this.#checkpoints.lineWritten();
  }

  checkpoint(): Promise<AuditCheckpoint> {
    return this.#checkpoints.take();
  }

  close(): Promise<void> {
    return (this.#closing ??= this.#close());
  }

  async #close(): Promise<void> {
    process.off('exit', this.#atExit);
    this.#checkpoints.stop();
    try {
      if (this.#checkpoints.due) await this.#checkpoints.take();
      this.#chain.end();
      await this.#checkpoints.take(false);
    } catch (error) {
      this.#logger.error('The audit trail was closed without a last checkpoint', { type: 'audit_checkpoint', error });
    } finally {
      this.#chain.close();
    }
  }

  #end(): void {
    try {
      this.#chain.end();
      this.#chain.close();
    } catch {
      // The process is ending; a trail without its last line says the same.
    }
  }

  #failed(cause: unknown): void {
    this.#lost++;
    // Once an outage: a line in the log for each that is lost would fill the disk that is full.
    if (this.#lost === 1) {
      const message = `Audit lines are being lost (${systemFault(cause)})`;
      this.#logger.error(message, { type: 'audit_lost', error: cause });
    }
    if (this.#refuse) throw unwritten(cause);
  }
}

/**
 * An audit trail in files of its own: JSON lines in a hash chain, one chain a process, with checkpoints that can be
 * signed and kept elsewhere. `baton audit verify` finds lines that were changed, removed, reordered or cut off.
 *
 * A line is written before `record` returns, so before the request is answered. Tokens and personal data stay out.
 *
 * @throws BatonError `option_unknown`, `option_invalid`, `key_invalid`; while it records, with
 *   `whenUnwritable: 'refuse'`, `audit_unwritable`
 *
 * @example
 * ```ts
 * const audit = createAuditTrail({ file: 'C:\\logs\\invoices\\audit.jsonl' });
 * app.use(baton({ audit }));
 * ```
 */
export function createAuditTrail(options: AuditTrailOptions): AuditTrail {
  checkOptionNames(OWNER, options, {
    file: true,
    signer: true,
    checkpointEvery: true,
    checkpointSeconds: true,
    onCheckpoint: true,
    maxBytes: true,
    fsync: true,
    whenUnwritable: true,
    personalData: true,
    subjects: true,
    hashKey: true,
    logger: true,
    clock: true,
  });
  return new FileTrail(options);
}
