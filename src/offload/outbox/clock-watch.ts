import { BatonError } from '../../core/errors';
import type { Logger } from '../../core/logger';

/** Clocks are corrected by this much every day. */
const TOLERANCE_MS = 5000;

/**
 * Tells when the clock was set back, once, and when it has caught up. Nothing is lost then: work is taken in and delivered;
 * but deadlines and times before which work must not begin lie further ahead than they should.
 */
export class ClockWatch {
  #isBehind = false;

  /** @param behindMs how far the clock is behind the latest time that was noted on disk */
  note(behindMs: number, logger: Logger): void {
    const isBehind = behindMs > TOLERANCE_MS;
    if (isBehind === this.#isBehind) return;
    this.#isBehind = isBehind;
    if (!isBehind) {
      logger.info('The clock is where it was before it was set back', { type: 'outbox' });
      return;
    }
    const seconds = Math.round(behindMs / 1000);
    const error = new BatonError(
      'outbox_clock_set_back',
      `The clock is ${seconds} s behind the outbox: it was set back. Work is taken in and delivered; deadlines and notBefore come later than they should.`,
    );
    logger.warn(error.message, { type: 'outbox', code: error.code, behindMs, error });
  }
}
