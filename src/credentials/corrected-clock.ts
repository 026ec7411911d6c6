interface SdkError {
  readonly name?: unknown;
  readonly $metadata?: { readonly clockSkewCorrected?: boolean };
}

/** What AWS's services answer to a signature, which they also do to one that is of another time. */
const REFUSED_SIGNATURE: readonly unknown[] = [
  'InvalidSignatureException',
  'SignatureDoesNotMatch',
  'RequestExpired',
  'RequestTimeTooSkewed',
];

/**
 * Whether AWS refused a call because this machine's clock is minutes off, and the SDK goes by AWS's clock from now on (it
 * reads it in the refusal, once for each client). Nothing was done, and the next attempt is signed with the right time.
 */
export function refusedForClock(thrown: unknown): boolean {
  const { name, $metadata } = (thrown ?? {}) as SdkError;
  return $metadata?.clockSkewCorrected === true && REFUSED_SIGNATURE.includes(name);
}

/**
 * Sends what must not be done twice: again only where AWS refused it for the clock.
 * @throws what `send` throws
 */
export async function sentOnce<T>(send: () => Promise<T>): Promise<T> {
  try {
    return await send();
  } catch (thrown) {
    if (!refusedForClock(thrown)) throw thrown;
    return send();
  }
}
