import { basename } from 'node:path';
import { outsideContext } from '../context/storage';
import type { Clock } from '../core/clock';
import type { Logger } from '../core/logger';
import type { Signer } from '../jws/sign';
import type { AuditChain } from './audit-chain';
import { MAX_CHECKPOINT_DISTANCE, signCheckpoint, type AuditPlace } from './audit-checkpoint';

/** A place in the chain, for keeping elsewhere. */
export interface AuditCheckpoint extends AuditPlace {
  /** Name of the file that holds the line. */
  readonly file: string;
  /** The place as a signed JWS, `typ` `baton-audit+jwt`; absent where the trail has no signer. */
  readonly jws?: string;
}

/** What checkpoints are made with. */
export interface CheckpointOptions {
  readonly signer: Signer | undefined;
  readonly every: number;
  readonly seconds: number;
  readonly onCheckpoint: ((checkpoint: AuditCheckpoint) => unknown) | undefined;
  readonly logger: Logger;
  /** Whether a checkpoint waits until its lines are on the disk. */
  readonly sync: boolean;
  readonly clock: Clock;
}

/** Takes a checkpoint after so many lines, or so long after the first line that none covers yet. */
export class Checkpoints {
  readonly #chain: AuditChain;
  readonly #options: CheckpointOptions;
  #uncovered = 0;
  #timer: NodeJS.Timeout | undefined;
  #last: Promise<unknown> = Promise.resolve();
  #isTaking = false;
  #stopped = false;

  constructor(chain: AuditChain, options: CheckpointOptions) {
    this.#chain = chain;
    this.#options = options;
  }

  /** Whether lines were written that no checkpoint covers. */
  get due(): boolean {
    return this.#uncovered > 0;
  }

  /** Counts a line; never waits. */
  lineWritten(): void {
    this.#uncovered++;
    if (this.#uncovered >= this.#options.every) this.takeLater();
    else this.#arm();
  }

  /** Takes a checkpoint in the background; what fails is logged, and tried again when the time has come. */
  takeLater(): void {
    if (this.#isTaking || this.#stopped) return;
    this.#isTaking = true;
    outsideContext(() => this.#takeAside());
  }

  #takeAside(): void {
    void this.take().then(
      () => {
        this.#isTaking = false;
        if (this.#uncovered >= this.#options.every) this.takeLater();
      },
      (error: unknown) => {
        this.#isTaking = false;
        this.#uncovered ||= 1;
        this.#arm();
        this.#options.logger.error('An audit checkpoint failed', { type: 'audit_checkpoint', error });
      },
    );
  }

  /** Takes one of its own for each caller, one after the other. */
  take(writeLine = true): Promise<AuditCheckpoint> {
    const turn = this.#last.then(() => this.#take(writeLine));
    this.#last = turn.catch(() => undefined);
    return turn;
  }

  /** From now on checkpoints are taken for callers only. */
  stop(): void {
    this.#stopped = true;
    this.#disarm();
  }

  #arm(): void {
    if (this.#stopped) return;
    // A timer holds the context that it was armed in, which is that of the request whose line was the first.
    this.#timer ??= outsideContext(() => setTimeout(() => this.takeLater(), this.#options.seconds * 1000).unref());
  }

  #disarm(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  async #take(writeLine: boolean): Promise<AuditCheckpoint> {
    const { signer, clock, sync, logger, onCheckpoint } = this.#options;
    const place = { ...this.#chain.place, file: basename(this.#chain.path) };
    const disturbance = this.#chain.disturbance();
    if (disturbance !== undefined) {
      logger.error(`The audit file was ${disturbance} by somebody else`, { type: 'audit_checkpoint', ...place });
    }
    this.#disarm();
    this.#uncovered = 0;
    if (sync) await this.#chain.sync();
    const jws = signer && (await signCheckpoint(place, signer, clock));
    if (jws !== undefined && writeLine && this.#chain.place.seq - place.seq < MAX_CHECKPOINT_DISTANCE) {
      this.#chain.append({ type: 'audit_checkpoint', jws });
    }
    const checkpoint = { ...place, ...(jws !== undefined && { jws }) };
    logger.info('Audit checkpoint', { type: 'audit_checkpoint', ...place });
    await onCheckpoint?.(checkpoint);
    return checkpoint;
  }
}
