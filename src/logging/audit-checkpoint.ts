import { nowSeconds, type Clock } from '../core/clock';
import { tokenInvalid } from '../core/errors';
import { ALGORITHMS, type Algorithm } from '../jws/algorithms';
import { parseCompact } from '../jws/compact';
import type { KeyFinder } from '../jws/keys';
import { signJws, type Signer } from '../jws/sign';
import { verifyJws } from '../jws/verify';

/** A type of its own (RFC 8725, section 3.11): a checkpoint must never pass as a token, nor a token as a checkpoint. */
const CHECKPOINT_TYPE = 'baton-audit+jwt';

/** How far back, in lines, a checkpoint may stand behind the line that it vouches for: a signature takes its time. */
export const MAX_CHECKPOINT_DISTANCE = 65_536;

/** A place in a hash chain. Whoever keeps it elsewhere can tell later whether everything up to it is as it was. */
export interface AuditPlace {
  /** ID of the chain: one a process. */
  readonly chain: string;
  /** Number of the line in its chain, from 0. */
  readonly seq: number;
  /** The line's hash: SHA-256, base64url. */
  readonly hash: string;
}

/** Signs a place as a compact JWS. */
export function signCheckpoint(place: AuditPlace, signer: Signer, clock: Clock): Promise<string> {
  const { chain, seq, hash } = place;
  return signJws(CHECKPOINT_TYPE, { chain, seq, hash, iat: nowSeconds(clock) }, signer);
}

/** The place that an object names; undefined where it names none. */
export function placeOf(value: unknown): AuditPlace | undefined {
  const { chain, seq, hash } = (value ?? {}) as Partial<Record<keyof AuditPlace, unknown>>;
  if (typeof chain !== 'string' || typeof hash !== 'string' || !Number.isSafeInteger(seq)) return undefined;
  return { chain, seq: seq as number, hash };
}

/**
 * The place that a checkpoint names; without keys it is taken as it stands, with its signature unread.
 * @throws BatonError `token_invalid` where the signature or the form is wrong
 */
export async function readCheckpoint(token: string, keys: KeyFinder | undefined): Promise<AuditPlace> {
  const claims =
    keys === undefined
      ? parseCompact(token).claims
      : await verifyJws(token, { algorithms: Object.keys(ALGORITHMS) as Algorithm[], keys, types: [CHECKPOINT_TYPE] });
  const place = placeOf(claims);
  if (place === undefined) throw tokenInvalid('claims', 'The checkpoint names no place in a chain.');
  return place;
}
