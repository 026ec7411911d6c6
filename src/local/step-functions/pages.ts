import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import type { Timers } from '../../core/timers';
import { invalidToken } from './service-error';

/** A page's token is good for so long: 24 hours. Source: API reference, `nextToken`. */
const LIFETIME_MS = 24 * 3600 * 1000;
const MAC_BYTES = 16;

/** Makes and reads the tokens of pages. A token belongs to one question, and is made up by nobody. */
export class PageTokens {
  readonly #key = randomBytes(32);
  readonly #timers: Timers;

  constructor(timers: Timers) {
    this.#timers = timers;
  }

  #mac(body: Buffer): Buffer {
    return createHmac('sha256', this.#key).update(body).digest().subarray(0, MAC_BYTES);
  }

  /** @param question what the pages are of; a token of another one is refused */
  make(question: string, position: number): string {
    const expiresAtMs = this.#timers.now() + LIFETIME_MS;
    const hash = createHmac('sha256', this.#key).update(question).digest('hex');
    const body = Buffer.from(JSON.stringify([hash, position, expiresAtMs]), 'utf8');
    return Buffer.concat([this.#mac(body), body]).toString('base64');
  }

  /**
   * The position that a token stands for.
   * @throws ServiceError `InvalidToken`
   */
  read(token: string, question: string): number {
    const bytes = Buffer.from(token, 'base64');
    const body = bytes.subarray(MAC_BYTES);
    if (body.length === 0 || !timingSafeEqual(bytes.subarray(0, MAC_BYTES), this.#mac(body))) throw invalidToken();
    const [hash, position, expiresAtMs] = JSON.parse(body.toString('utf8')) as [string, number, number];
    const expected = createHmac('sha256', this.#key).update(question).digest('hex');
    if (hash !== expected || this.#timers.now() > expiresAtMs) throw invalidToken();
    return position;
  }
}
