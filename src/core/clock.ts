/** Tells the time, in milliseconds since the epoch. Tests hand in their own. */
export type Clock = () => number;

/** The machine's clock. */
export const systemClock: Clock = () => Date.now();

/** The clock's time as a NumericDate (RFC 7519, section 2): whole seconds since the epoch. */
export function nowSeconds(clock: Clock): number {
  return Math.floor(clock() / 1000);
}

/**
 * The same clock for counting what has passed: it never runs backwards. Where the machine's clock is set back, whoever
 * waits for "ten minutes later" would wait for all that was set back, and then ten minutes; here the time goes on from
 * where it was.
 */
export function steadyClock(clock: Clock): Clock {
  let last = clock();
  let setBack = 0;
  return () => {
    const now = clock();
    if (now < last) setBack += last - now;
    last = now;
    return now + setBack;
  };
}
