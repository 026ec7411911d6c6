import { systemClock, type Clock } from '../core/clock';
import { BatonError } from '../core/errors';
import { checkOptionNames } from '../core/options';
import type { Algorithm } from '../jws/algorithms';
import { jwkSigner, type Signer } from '../jws/sign';
import { isKeyRing, readKeyRing } from './key-ring';
import { parseKeyText } from './key-ring-text';
import { Renewal } from './renewal';
import { RenewalLog, type LoggerOf } from './renewal-log';
import { signerOfRing } from './ring-signer';
import { secretReader } from './secret';

/** Options of {@link secretsManagerSigner}. */
export interface SecretsManagerSignerOptions {
  /** The secret's name or ARN. Its text is a private JSON Web Key, or a key ring of `baton keys`. */
  readonly secretId: string;
  /** The algorithm of the key, which must be known before the secret is read. Default `ES256`. */
  readonly algorithm?: Algorithm;
  /** Passed to the SDK's `new SecretsManagerClient()`: region, credentials, endpoint. */
  readonly clientConfig?: Readonly<Record<string, unknown>>;
  /** Tells the time; for tests. */
  readonly clock?: Clock;
}

/** The secret is read again after this long; a rotation publishes its next key earlier than that. */
const MAX_AGE_MS = 5 * 60_000;
/** While Secrets Manager cannot be reached the key signs on for this long after it was last read. */
const STALE_LIMIT_MS = 24 * 60 * 60_000;

/** Reads the secret when it is first needed or old: once for all who wait, and after a failure not before a pause. */
class SecretSigner implements Signer {
  readonly algorithm: Algorithm;
  readonly #secretId: string;
  readonly #read: () => Promise<string>;
  readonly #clock: Clock;
  readonly #renewal: Renewal;
  #held: Signer | undefined;

  constructor({ secretId, algorithm = 'ES256', clientConfig, clock = systemClock }: SecretsManagerSignerOptions) {
    this.algorithm = algorithm;
    this.#secretId = secretId;
    this.#read = secretReader(secretId, clientConfig);
    this.#clock = clock;
    this.#renewal = new Renewal(() => this.#load(), clock, new RenewalLog(secretId));
  }

  get keyId(): string {
    return this.#held?.keyId ?? this.#secretId;
  }

  async sign(data: Uint8Array): Promise<Uint8Array> {
    return (await this.current()).sign(data);
  }

  reportTo(logger: LoggerOf): void {
    this.#renewal.log.reportTo(logger);
  }

  async current(): Promise<Signer> {
    const { ageMs } = this.#renewal;
    if (ageMs > STALE_LIMIT_MS) await this.#renewal.run();
    else if (ageMs > MAX_AGE_MS) void this.#renewal.run();
    const held = this.#renewal.ageMs > STALE_LIMIT_MS ? undefined : this.#held;
    if (held === undefined) throw this.#unavailable();
    return (await held.current?.()) ?? held;
  }

  async #load(): Promise<void> {
    const value = parseKeyText(await this.#read(), 'The secret');
    // The ring's phases are by the time of day.
    const signer = isKeyRing(value) ? signerOfRing(readKeyRing(value), this.#clock) : jwkSigner(value ?? {});
    if (signer.algorithm !== this.algorithm) {
      throw new BatonError('key_invalid', `The key in the secret is for ${signer.algorithm}, not ${this.algorithm}.`);
    }
    this.#held = signer;
  }

  #unavailable(): BatonError {
    const cause = this.#renewal.failure;
    if (cause instanceof BatonError && cause.code === 'peer_missing') return cause;
    const why = cause instanceof BatonError ? cause.message : 'Secrets Manager gave no answer.';
    return new BatonError('signer_unavailable', `The signing key in ${this.#secretId} cannot be had: ${why}`, {
      cause,
      retryAfterSeconds: 5,
    });
  }
}

/**
 * A signer whose private key is a secret in AWS Secrets Manager: read with the first signature, again every five minutes,
 * and kept for a day while Secrets Manager cannot be reached. The permission that it needs is
 * `secretsmanager:GetSecretValue` on that one secret.
 *
 * Needs the package `@aws-sdk/client-secrets-manager`, which Lambda's runtime brings along; it never becomes part of a
 * bundle.
 *
 * Source: AWS Secrets Manager API reference, "GetSecretValue".
 *
 * @throws BatonError `option_invalid`, `option_unknown`, `peer_missing`; its `sign` rejects with `signer_unavailable`
 *
 * @example
 * ```ts
 * export const handler = createAuthorizer({ signer: secretsManagerSigner({ secretId: 'gateway/signing-key' }) });
 * ```
 */
export function secretsManagerSigner(options: SecretsManagerSignerOptions): Signer {
  checkOptionNames('secretsManagerSigner()', options, {
    secretId: true,
    algorithm: true,
    clientConfig: true,
    clock: true,
  });
  if (typeof options.secretId !== 'string' || options.secretId === '') {
    throw new BatonError('option_invalid', 'secretsManagerSigner(): option "secretId" must be a non-empty text.');
  }
  return new SecretSigner(options);
}
