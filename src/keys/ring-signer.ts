import { steadyClock, systemClock, type Clock } from '../core/clock';
import { BatonError } from '../core/errors';
import { systemFault } from '../core/system-fault';
import { isAlgorithm } from '../jws/algorithms';
import { jwkSigner, type Signer } from '../jws/sign';
import { signingKey, type KeyRing } from './key-ring';
import { parseKeyRing } from './key-ring-text';
import { RenewalLog, type LoggerOf } from './renewal-log';
import { WatchedFile } from './watched-file';

/** A ring that changes: where it is, and its next state, where there is one; not accepted, it is given again. */
export interface ChangingRing {
  readonly source: string;
  readonly next: () => Promise<{ readonly ring: KeyRing; accept(): void } | undefined>;
}

/** A rotation publishes its key minutes before it signs; the file is looked at off the request's path. */
const LOOK_MS = 1000;

/**
 * A signer that takes the ring's key of the moment.
 *
 * @param changing looked at once a second while tokens are signed; what it rejects with changes nothing and is logged
 * @throws BatonError `key_invalid`
 */
export function signerOfRing(ring: KeyRing, clock: Clock = systemClock, changing?: ChangingRing): Signer {
  const log = new RenewalLog(changing?.source ?? '');
  const steady = steadyClock(clock);
  let held = ring;
  let lookedAt = steady();
  let looking = false;
  let signers = signersOf(ring);
  const { algorithm } = pick();

  function pick(): Signer {
    const { kid } = signingKey(held, clock()).key;
    const signer = signers.get(String(kid));
    if (signer === undefined) throw new BatonError('internal', 'The ring and its signers differ.');
    return signer;
  }

  function takeOver(next: KeyRing): void {
    const made = signersOf(next);
    // What takes signers compared the algorithm with the policy's when it started.
    if ([...made.values()].some((signer) => signer.algorithm !== algorithm)) {
      throw new BatonError('key_invalid', `The key ring is not for ${algorithm} any more; that needs a restart.`);
    }
    [held, signers] = [next, made];
  }

  async function look({ next }: ChangingRing): Promise<void> {
    try {
      const changed = await next();
      if (changed !== undefined) {
        takeOver(changed.ring);
        changed.accept();
      }
      log.worked();
    } catch (error) {
      // The last good ring signs on.
      log.failed(error);
    } finally {
      looking = false;
    }
  }

  function renew(): void {
    if (changing === undefined || looking || steady() - lookedAt < LOOK_MS) return;
    lookedAt = steady();
    looking = true;
    void look(changing);
  }

  const current = async (): Promise<Signer> => {
    renew();
    return pick();
  };
  return {
    algorithm,
    get keyId() {
      return pick().keyId;
    },
    sign: async (data) => (await current()).sign(data),
    current,
    reportTo: (logger: LoggerOf) => log.reportTo(logger),
  };
}

/** All of them at once: a key that is damaged stops the start, or the reload, and not the rotation at night. */
function signersOf({ keys }: KeyRing): Map<string, Signer> {
  return new Map(
    keys.map(({ key }) => {
      if (!isAlgorithm(key.alg)) throw new BatonError('key_invalid', 'A key of the ring names no algorithm (alg).');
      return [String(key.kid), jwkSigner(key)];
    }),
  );
}

/**
 * A signer for a key ring in a file, as `baton keys create` makes it. The key follows from the time; a ring that was
 * rotated is taken over while the app runs.
 *
 * @param path of the ring
 * @throws BatonError `key_invalid`
 *
 * @example
 * ```ts
 * const offload = createOffload({ signer: ringSigner('C:\\ProgramData\\invoices\\hand-over.ring.json') });
 * ```
 */
export function ringSigner(path: string, options: { readonly clock?: Clock } = {}): Signer {
  const file = new WatchedFile(path);
  let text: string;
  try {
    text = file.readNow();
  } catch (cause) {
    throw new BatonError('key_invalid', `The key ring ${path} cannot be read (${systemFault(cause)}).`, { cause });
  }
  const next: ChangingRing['next'] = async () => {
    const changed = await file.readIfChanged();
    return changed && { ring: parseKeyRing(changed.text, path), accept: () => changed.accept() };
  };
  return signerOfRing(parseKeyRing(text, path), options.clock, { source: path, next });
}
