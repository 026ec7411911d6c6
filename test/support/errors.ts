import { BatonError, type TokenFault } from '../../src/core/errors';
import type { ErrorCode } from '../../src/core/error-codes';

/** The error that `action` throws or rejects with. Fails where it does neither, or throws something else. */
export async function thrownBy(action: () => unknown): Promise<BatonError> {
  let value: unknown;
  try {
    value = await action();
  } catch (error) {
    if (error instanceof BatonError) return error;
    throw error;
  }
  throw new Error(`A BatonError was expected; it gave ${JSON.stringify(value)?.slice(0, 200)}.`);
}

/** The code that `action` fails with. */
export const codeOf = async (action: () => unknown): Promise<ErrorCode> => (await thrownBy(action)).code;

/** The fault for which a token is refused; fails where it is refused with another code than `token_invalid`. */
export async function faultOf(action: () => unknown): Promise<TokenFault> {
  const error = await thrownBy(action);
  expect(error.code).toBe('token_invalid');
  return error.reason as TokenFault;
}
