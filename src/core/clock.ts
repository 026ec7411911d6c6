/** Tells the time, in milliseconds since the epoch. Tests hand in their own. */
export type Clock = () => number;

/** The machine's clock. */
export const systemClock: Clock = () => Date.now();

/** The clock's time as a NumericDate (RFC 7519, section 2): whole seconds since the epoch. */
export function nowSeconds(clock: Clock): number {
  return Math.floor(clock() / 1000);
}
