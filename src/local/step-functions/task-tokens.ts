import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import type { StatesError } from './asl/states-error';

/** A task that waits for an answer with its token. */
export interface PendingTask {
  readonly token: string;
  /** Resolves with the output, or rejects with the error that was sent. */
  readonly answer: Promise<unknown>;
  /** Called with every heartbeat. */
  onHeartbeat: () => void;
  /** From now on the token is refused: the task timed out, failed or was aborted. */
  close(): void;
}

interface Pending {
  readonly task: PendingTask;
  succeed(output: unknown): void;
  fail(error: StatesError): void;
}

const MAC_BYTES = 32;
const NONCE_BYTES = 24;

/** Longer than any token is without the execution's name. */
const LOOKS_LIKE_ONE = /[A-Za-z0-9+/]{100,}={0,2}/g;

/** `text` without the tokens of tasks, wherever in it they stand: who has one can answer for the task. */
export function withoutTaskTokens(text: string): string {
  return text.replace(LOOKS_LIKE_ONE, (found) => {
    // Letters before it may seem to belong to it.
    const isToken = [0, 1, 2, 3].some((skipped) => Buffer.from(found.slice(skipped), 'base64').includes(':execution:'));
    return isToken ? '[task token]' : found;
  });
}

/**
 * The tokens of tasks that wait. A token names its execution and carries a MAC: nobody makes one up, and one that is used up is
 * told from one that never was, without a memory of all that ever were.
 */
export class TaskTokens {
  readonly #key = randomBytes(32);
  readonly #pending = new Map<string, Pending>();

  /** Makes a token for one try of a task; every try has its own. */
  issue(executionArn: string): PendingTask {
    const body = Buffer.concat([randomBytes(NONCE_BYTES), Buffer.from(executionArn, 'utf8')]);
    // Plain base64 as in AWS: with `+`, `/` and `=`, which whoever puts a token into a URL must escape.
    const token = Buffer.concat([this.#mac(body), body]).toString('base64');
    let settle: Omit<Pending, 'task'> | undefined;
    const answer = new Promise((resolve, reject) => {
      settle = { succeed: resolve, fail: reject };
    });
    // A refusal that comes when nobody waits any more is no failure of this process.
    answer.catch(() => undefined);
    const task = { token, answer, onHeartbeat: () => undefined, close: () => void this.#pending.delete(token) };
    if (settle !== undefined) this.#pending.set(token, { task, ...settle });
    return task;
  }

  #mac(body: Buffer): Buffer {
    return createHmac('sha256', this.#key).update(body).digest();
  }

  /** The execution that a token was made for, or undefined where nobody made it here. */
  executionOf(token: string): string | undefined {
    const bytes = Buffer.from(token, 'base64');
    const body = bytes.subarray(MAC_BYTES);
    if (body.length <= NONCE_BYTES || bytes.toString('base64') !== token) return undefined;
    if (!timingSafeEqual(bytes.subarray(0, MAC_BYTES), this.#mac(body))) return undefined;
    return body.subarray(NONCE_BYTES).toString('utf8');
  }

  /** Whether a task waits for this token. */
  isPending(token: string): boolean {
    return this.#pending.has(token);
  }

  /** The first answer counts. */
  succeed(token: string, output: unknown): void {
    this.#take(token)?.succeed(output);
  }

  fail(token: string, error: StatesError): void {
    this.#take(token)?.fail(error);
  }

  heartbeat(token: string): void {
    this.#pending.get(token)?.task.onHeartbeat();
  }

  #take(token: string): Pending | undefined {
    const pending = this.#pending.get(token);
    this.#pending.delete(token);
    return pending;
  }
}
