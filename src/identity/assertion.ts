import type { Clock } from '../core/clock';
import type { Identity } from '../core/identity';
import type { Logger } from '../core/logger';
import type { ReplayStore } from '../core/replay';
import type { TransactionClaims } from '../core/transaction';
import type { Fetch } from '../keys/fetch-json';
import type { KnownKeySources } from '../keys/known';

/** A caller, verified, with the claims that a hand-over takes on. */
export interface VerifiedCaller {
  readonly identity: Identity;
  readonly transaction: TransactionClaims;
  /** The caller's own token, where it is one that may be exchanged: the profile `oidc`. */
  readonly ownToken?: () => string;
}

/** What IIS's own sign-in is trusted on: both are facts of `web.config`, which the app cannot see in a request. */
export interface WindowsSignIn {
  /** The server variable that `promoteServerVars` names and that says who signed in. */
  readonly promotedVariable: 'LOGON_USER' | 'AUTH_USER' | 'REMOTE_USER';
  /**
   * That request filtering denies clients' own copies of the header: `<headerLimits>` with
   * `<add header="X-iisnode-LOGON_USER" sizeLimit="0" />`. iisnode passes on what clients send, and adds its own behind.
   */
  readonly clientCopiesDenied: true;
}

/** What an edge is made with besides the policy. */
export interface EdgeOptions {
  /** Needed where the policy's edge is `windows`. */
  readonly windows?: WindowsSignIn;
  /** Needed where the policy's edge is `unsigned`: its header once more. */
  readonly unsafelyTrustUnsignedHeader?: string;
  readonly clock?: Clock;
  readonly fetch?: Fetch;
  /** Key sources that were made for an earlier policy, see `keySourceAt()`. */
  readonly known?: KnownKeySources;
  /** Told when keys are not renewed any more, and when they are again. */
  readonly logger?: Logger;
  /** Where used tokens are remembered, for policies that let a token be used once. Default: `defaultReplayStore()`. */
  readonly replayStore?: () => ReplayStore;
}

/**
 * Verifies the assertions of one kind of edge: what differs between a gateway, a load balancer and a proxy. Finding the
 * one assertion among the headers and remembering verdicts is the same for all, and not its business.
 */
export interface AssertionVerifier {
  /** The header that carries the assertion. */
  readonly header: string;
  /** An assertion is accepted this long after its end. */
  readonly clockToleranceSeconds: number;
  /** The state of the keys, see `KeySource.version()`. */
  keyVersion(): number;
  /**
   * @param now seconds since the epoch
   * @throws BatonError `token_invalid`, `keys_unavailable`
   */
  verify(assertion: string, now: number): Promise<VerifiedCaller>;
}

/** Reads callers out of a header that nobody signed: there is nothing to verify, and nothing worth remembering. */
export interface HeaderReader {
  readonly header: string;
  /**
   * @param rawHeaders as in `Edge.verify()`
   * @throws BatonError `identity_header_invalid`, `token_invalid`
   */
  read(rawHeaders: readonly string[]): VerifiedCaller | undefined;
}
