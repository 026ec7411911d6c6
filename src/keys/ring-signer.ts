import { systemClock, type Clock } from '../core/clock';
import { BatonError } from '../core/errors';
import { isAlgorithm } from '../jws/algorithms';
import { jwkSigner, type Signer } from '../jws/sign';
import { signingKey, type KeyRing } from './key-ring';
import { parseKeyRing } from './key-ring-text';
import { WatchedFile } from './watched-file';

/** How a ring that changes is asked for: its new text, where there is one. */
export type NextRing = () => Promise<KeyRing | undefined>;

/** A rotation publishes its key minutes before it signs; the file is looked at off the request's path. */
const LOOK_MS = 1000;

/**
 * A signer that takes the ring's key of the moment.
 *
 * @param next looked at once a second while tokens are signed; what it rejects with changes nothing
 * @throws BatonError `key_invalid`
 */
export function signerOfRing(ring: KeyRing, clock: Clock = systemClock, next?: NextRing): Signer {
  let held = ring;
  let lookedAt = clock();
  let looking = false;
  let signers = signersOf(ring);
  const { algorithm } = pick();

  function pick(): Signer {
    const { kid } = signingKey(held, clock()).key;
    const signer = signers.get(String(kid));
    if (signer === undefined) throw new BatonError('internal', 'The ring and its signers differ.');
    return signer;
  }

  async function look(ask: NextRing): Promise<void> {
    try {
      const changed = await ask();
      if (changed === undefined) return;
      const made = signersOf(changed);
      // What takes signers compared the algorithm with the policy's when it started.
      if ([...made.values()].some((signer) => signer.algorithm !== algorithm)) return;
      [held, signers] = [changed, made];
    } catch {
      // The last good ring signs on; `baton keys status` says what is wrong with the file.
    } finally {
      looking = false;
    }
  }

  function renew(): void {
    if (next === undefined || looking || clock() - lookedAt < LOOK_MS) return;
    lookedAt = clock();
    looking = true;
    void look(next);
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
    throw new BatonError('key_invalid', `The key ring ${path} cannot be read.`, { cause });
  }
  return signerOfRing(parseKeyRing(text), options.clock, async () => {
    const changed = await file.readIfChanged();
    if (changed === undefined) return undefined;
    const ring = parseKeyRing(changed.text);
    changed.accept();
    return ring;
  });
}
