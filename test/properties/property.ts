import { randomInt } from 'node:crypto';
import fc from 'fast-check';
import type { ErrorCode } from '../../src/core/error-codes';
import { BatonError } from '../../src/core/errors';

/** 4711 unless the environment names another; `BATON_SEED=random` takes a new one, and says which. */
export const SEED =
  process.env.BATON_SEED === 'random' ? randomInt(0x7fff_ffff) : Number(process.env.BATON_SEED ?? 4711);

/** Inputs for each of the five properties: 200,000 in all. */
export const RUNS = 40_000;

// Each takes some seconds, and more where the machine does other work.
jest.setTimeout(120_000);

/** The title of a property's test, with what it takes to run the very same inputs again. */
export const title = (what: string, numRuns = RUNS): string => `${what} (${numRuns} inputs, BATON_SEED=${SEED})`;

/** Holds a property against its inputs; a failure names the smallest input that breaks it. */
export function check<T>(inputs: fc.Arbitrary<T>, holds: (input: T) => void, numRuns = RUNS): void {
  fc.assert(fc.property(inputs, holds), { seed: SEED, numRuns });
}

/** The same for work that waits. */
export function checkAsync<T>(
  inputs: fc.Arbitrary<T>,
  holds: (input: T) => Promise<void>,
  numRuns = RUNS,
): Promise<void> {
  return fc.assert(fc.asyncProperty(inputs, holds), { seed: SEED, numRuns });
}

/** An assertion for inner loops: `expect` costs more than what is tested here. */
export function must(holds: boolean, what: string): asserts holds {
  if (!holds) throw new Error(what);
}

/** The error, if it is one of the error table's, of one of these codes; anything else that was thrown goes on. */
export function refusal(error: unknown, ...codes: readonly ErrorCode[]): BatonError {
  if (!(error instanceof BatonError) || !codes.includes(error.code)) throw error;
  return error;
}
