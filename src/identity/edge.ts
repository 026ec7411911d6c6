import type { RouteRequest } from '../core/access';
import { nowSeconds, systemClock } from '../core/clock';
import type { Policy } from '../policy/policy';
import type { AssertionVerifier, EdgeOptions, HeaderReader, VerifiedCaller } from './assertion';
import { AssertionHeader } from './hygiene';
import { profileVerifier } from './profile-verifier';
import { awsAlb } from './profiles/aws-alb';
import { awsVerifiedAccess } from './profiles/aws-verified-access';
import { cloudflareAccess } from './profiles/cloudflare-access';
import { googleIap } from './profiles/google-iap';
import { oidcVerifier } from './profiles/oidc';
import { pomerium } from './profiles/pomerium';
import { txnTokenVerifier } from './profiles/txn-token';
import { unsignedReader } from './profiles/unsigned';
import { windowsReader } from './profiles/windows';
import { defaultReplayStore } from './replay/default-store';
import { requestCheck } from './request-checks';
import { VerdictCache } from './verdict-cache';

/** Turns a request's headers into a verified caller, by what the policy says of its edge. */
export interface Edge {
  /** The header that carries the assertion. */
  readonly header: string;
  /**
   * The caller: at once where there is none or where this very assertion was verified before, else as a promise. A
   * promise for each request would cost more than the look-up.
   *
   * @param route what the request wants; asked only where the policy binds tokens to their request
   * @returns undefined where the request carries no assertion; a bad one is never "none"
   * @throws BatonError `identity_header_invalid`, `token_invalid`, `keys_unavailable`, `replay_store_unavailable`
   */
  verify(
    rawHeaders: readonly string[],
    route?: () => RouteRequest,
  ): VerifiedCaller | undefined | Promise<VerifiedCaller>;
}

/** Some 25 MB at most: a verdict is about four times its token. */
const CACHE_LIMITS = { maxEntries: 8192, maxBytes: 6 * 1024 * 1024 };

/** By the policy's profile, never by what a request looks like. */
function verifierOf(policy: Policy, options: EdgeOptions): AssertionVerifier | HeaderReader {
  const { edge } = policy;
  switch (edge.profile) {
    case 'txn-token':
      return txnTokenVerifier(edge, options);
    case 'aws-alb':
      return profileVerifier(awsAlb, edge, policy, options);
    case 'aws-verified-access':
      return profileVerifier(awsVerifiedAccess, edge, policy, options);
    case 'google-iap':
      return profileVerifier(googleIap, edge, policy, options);
    case 'cloudflare-access':
      return profileVerifier(cloudflareAccess, edge, policy, options);
    case 'pomerium':
      return profileVerifier(pomerium, edge, policy, options);
    case 'oidc':
      return oidcVerifier(policy, options);
    case 'windows':
      return windowsReader(policy, options);
    case 'unsigned':
      return unsignedReader(edge, policy, options);
  }
}

/**
 * Makes the edge of a policy. Verdicts are remembered in it and nowhere else, so that no verdict outlives the policy
 * that admitted it.
 *
 * @throws BatonError `key_invalid`, `option_invalid`
 */
export function createEdge(policy: Policy, options: EdgeOptions = {}): Edge {
  const clock = options.clock ?? systemClock;
  const verifier = verifierOf(policy, options);
  if ('read' in verifier) return { header: verifier.header, verify: (rawHeaders) => verifier.read(rawHeaders) };
  const header = new AssertionHeader(verifier.header);
  const verdicts = new VerdictCache<VerifiedCaller>(CACHE_LIMITS);
  const storeOf = options.replayStore ?? (() => defaultReplayStore(clock));
  const check = requestCheck(policy, storeOf, verifier.clockToleranceSeconds);
  const inFlight = new Map<string, Promise<VerifiedCaller>>();

  const verifyNew = async (assertion: string): Promise<VerifiedCaller> => {
    // Before the verification: keys that change meanwhile must make the verdict old, not young.
    const keyVersion = verifier.keyVersion();
    const caller = await verifier.verify(assertion, nowSeconds(clock));
    const endsAt = (caller.identity.expiresAt + verifier.clockToleranceSeconds) * 1000;
    // -1: there were no keys yet, so it cannot be said which state of them admitted it.
    if (keyVersion >= 0) verdicts.set(assertion, caller, endsAt, keyVersion);
    return caller;
  };

  const verdictOn = (assertion: string): VerifiedCaller | Promise<VerifiedCaller> => {
    const known = verdicts.get(assertion, clock(), verifier.keyVersion());
    if (known !== undefined) return known;
    let pending = inFlight.get(assertion);
    if (pending === undefined) {
      pending = verifyNew(assertion).finally(() => inFlight.delete(assertion));
      inFlight.set(assertion, pending);
    }
    return pending;
  };

  return {
    header: verifier.header,
    verify(rawHeaders, route) {
      const assertion = header.take(rawHeaders);
      if (assertion === undefined) return undefined;
      const verdict = verdictOn(assertion);
      // The verdict says who signed; requests share it. Whether this one may use the token is asked for each alone.
      return check === undefined ? verdict : Promise.resolve(verdict).then((caller) => check(caller, route));
    },
  };
}
