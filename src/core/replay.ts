/**
 * Remembers which tokens were used, so that none is used twice.
 *
 * One conformance suite runs against each implementation; one of your own has to keep the same promises.
 */
export interface ReplayStore {
  /**
   * True for exactly one of all the calls with this ID, however many come at once and from however many processes; from
   * then on false, until the time has come when the token would be refused as expired anyway.
   *
   * @param id 43 characters of base64url; a digest, which tells nothing of its token
   * @param untilSeconds seconds since the epoch; may be forgotten from then on, and never before
   * @throws BatonError `replay_store_unavailable` where it cannot say: never a guess
   */
  firstUse(id: string, untilSeconds: number): Promise<boolean>;
}
