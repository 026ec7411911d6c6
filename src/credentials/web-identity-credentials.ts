import { currentRecord } from '../context/storage';
import type { AwsRoleDecision } from '../core/access';
import { callerFields } from '../core/audited';
import { systemClock, type Clock } from '../core/clock';
import type { AwsCredentials, CallerCredentials, CredentialsTarget } from '../core/credentials';
import { asBatonError, BatonError } from '../core/errors';
import type { Identity } from '../core/identity';
import { checkOptionNames, secureUrl, wholeNumber } from '../core/options';
import type { TokenSource } from '../core/token-source';
import { HeldTokens } from './held-token';
import { machineWire, type Wire } from './http';
import { SessionCache } from './session-cache';
import { actorChain, sessionName } from './session-name';
import { sessionPolicy } from './session-policy';
import { assumeRoleWithWebIdentity, stsEndpoint, type Session } from './sts';

/** Options of {@link webIdentityCredentials}. */
export interface WebIdentityCredentialsOptions {
  /** Gives the tokens by which this app shows AWS who it is. */
  readonly token: TokenSource;
  /** What the tokens are for: with Entra the App ID URI of an API of your own; what the IAM OIDC provider has as audience. */
  readonly audience: string;
  /** Of the STS endpoint. Default: that of the target. */
  readonly region?: string;
  /** Another STS endpoint: https, or http to this machine. Default: `AWS_ENDPOINT_URL_STS`, else AWS's regional one. */
  readonly endpoint?: string;
  /** How long a session lasts, in seconds, 900 to 43200. Default 3600, which every role allows. */
  readonly durationSeconds?: number;
  /**
   * What happens where the policy names no AWS role for a call: `refuse` it (the default), or let the `sdk` look for
   * credentials itself, such as those of an instance role, which are the same for every caller.
   */
  readonly withoutRole?: 'refuse' | 'sdk';
  /** So many sessions are kept at most. Default 1000. */
  readonly maxSessions?: number;
  /** Tells the time; for tests. */
  readonly clock?: Clock;
  /**
   * Sends requests and waits; for tests.
   * @internal
   */
  readonly wire?: Partial<Wire>;
}

/** One session: who, as what, for what. */
interface Wanted {
  readonly user: Identity;
  readonly role: NonNullable<AwsRoleDecision['role']>;
  readonly target: CredentialsTarget;
}

function roleMissing(name: string, reason: string, user: Identity): BatonError {
  const actor = user.actor?.subject ?? '';
  const advice: Readonly<Record<string, string>> = {
    role_without_aws: 'Give the role that grants it, or one that this inherits from, an "aws" with a "roleArn".',
    actor_limited: `Name a role with an "aws" in /actors/${actor}/roles that grants no more than the actor may do, and let the user's role inherit from it.`,
    target_unknown: 'The policy has no such target.',
  };
  const message = `The policy names no AWS role for the call of "${name}" (${reason}). ${advice[reason] ?? ''}`.trim();
  return new BatonError('aws_role_missing', message, { reason });
}

const MISSING = ['role_without_aws', 'actor_limited', 'target_unknown'];

/** Everything that a session depends on: another user, actor, role or target is another session. */
function keyOf({ user, role, target }: Wanted): string {
  return JSON.stringify([role.arn, user.subject, actorChain(user), target.kind, target.arn, target.actions]);
}

/** A new session is the one thing that AWS's own trail can be joined with: by the name of the session. */
function audit({ user, role, target }: Wanted, name: string, outcome: object): void {
  currentRecord()?.audit.record({
    event: 'credentials',
    outcome: 'allowed',
    target: target.name,
    role: role.name,
    roleArn: role.arn,
    sessionName: name,
    ...callerFields(user),
    ...outcome,
  });
}

class WebIdentityCredentials implements CallerCredentials {
  readonly #options: WebIdentityCredentialsOptions;
  readonly #tokens: HeldTokens;
  readonly #cache: SessionCache;
  readonly #wire: Wire;
  readonly #endpoint: URL | undefined;
  readonly #durationSeconds: number;

  constructor(options: WebIdentityCredentialsOptions, durationSeconds: number, maxSessions: number) {
    const { token, clock = systemClock, endpoint = process.env.AWS_ENDPOINT_URL_STS } = options;
    this.#options = options;
    this.#tokens = new HeldTokens(token, clock);
    this.#cache = new SessionCache(clock, maxSessions);
    this.#wire = { ...machineWire, ...options.wire };
    this.#endpoint = endpoint ? secureUrl(OWNER, endpoint) : undefined;
    this.#durationSeconds = durationSeconds;
  }

  async forTarget(
    { user, policy }: Parameters<CallerCredentials['forTarget']>[0],
    target: CredentialsTarget,
  ): Promise<AwsCredentials | undefined> {
    const { reason, role } = policy.decideAwsRole(user, target);
    if (role === undefined) {
      if (!MISSING.includes(reason)) {
        throw new BatonError('permission_denied', `The policy refuses the call of "${target.name}": ${reason}.`, {
          reason,
        });
      }
      // An actor that is kept from its user's role must not be helped to the server's own instead.
      if (reason === 'role_without_aws' && this.#options.withoutRole === 'sdk' && user.actor === undefined)
        return undefined;
      throw roleMissing(target.name, reason, user);
    }
    const wanted = { user, role, target };
    return this.#cache.get(keyOf(wanted), () => this.#open(wanted));
  }

  async #open(wanted: Wanted): Promise<Session> {
    const name = sessionName(wanted.user);
    const session = await this.#exchange(wanted, name).catch((error: unknown) => {
      const { code, reason } = asBatonError(error);
      audit(wanted, name, { outcome: 'denied', code, ...(reason !== undefined && { reason }) });
      throw error;
    });
    audit(wanted, name, { expiresAt: session.credentials.expiration?.toISOString() });
    return session;
  }

  async #exchange({ role, target }: Wanted, name: string): Promise<Session> {
    const { audience } = this.#options;
    const region = this.#options.region ?? target.arn.split(':')[3] ?? '';
    const terms = {
      endpoint: stsEndpoint(region, this.#endpoint),
      region,
      roleArn: role.arn,
      sessionName: name,
      sessionPolicy: sessionPolicy(target),
      durationSeconds: this.#durationSeconds,
    };
    const token = await this.#tokens.token(audience);
    try {
      return await assumeRoleWithWebIdentity({ ...terms, token }, this.#wire);
    } catch (error) {
      if ((error as BatonError).reason !== 'token_expired') throw error;
      // It ended on the way, or by a clock of ours that is slow. One newer token is worth a try.
      this.#tokens.drop(audience, token);
      return assumeRoleWithWebIdentity({ ...terms, token: await this.#tokens.token(audience) }, this.#wire);
    }
  }
}

const OWNER = 'webIdentityCredentials()';

/**
 * AWS credentials without an AWS key on the server: the app shows STS a token of its identity provider, and gets a session of
 * the role that the policy names for this caller and this call (`/roles/…/aws`), named after the user, and narrowed to the one
 * target. Sessions are kept until shortly before they end; one of one user never serve another.
 *
 * Whatever else the SDK finds by itself stays possible: without this option, or with `withoutRole: 'sdk'`, it looks for an
 * instance role, a `credential_process` of IAM Roles Anywhere, and the rest of its chain.
 *
 * @throws BatonError at start `option_invalid`, `option_unknown`; in a call `aws_role_missing`, `permission_denied`,
 *   `credentials_refused`, `credentials_unavailable`
 * @see https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRoleWithWebIdentity.html
 *
 * @example
 * ```ts
 * const offload = createOffload({
 *   credentials: webIdentityCredentials({ token: managedIdentityToken(), audience: 'api://invoices-aws' }),
 * });
 * ```
 */
export function webIdentityCredentials(options: WebIdentityCredentialsOptions): CallerCredentials {
  checkOptionNames(OWNER, options, {
    token: true,
    audience: true,
    region: true,
    endpoint: true,
    durationSeconds: true,
    withoutRole: true,
    maxSessions: true,
    clock: true,
    wire: true,
  });
  const { token, audience, withoutRole } = options;
  const refuseOption = (name: string, what: string): BatonError =>
    new BatonError('option_invalid', `${OWNER}: option "${name}" must be ${what}.`);
  if (typeof token?.token !== 'function') throw refuseOption('token', 'a token source, such as managedIdentityToken()');
  if (typeof audience !== 'string' || audience === '') throw refuseOption('audience', 'a non-empty text');
  if (withoutRole !== undefined && withoutRole !== 'refuse' && withoutRole !== 'sdk') {
    throw refuseOption('withoutRole', '"refuse" or "sdk"');
  }
  const duration = { fallback: 3600, min: 900, max: 43_200 };
  return new WebIdentityCredentials(
    options,
    wholeNumber(OWNER, 'durationSeconds', options.durationSeconds, duration),
    wholeNumber(OWNER, 'maxSessions', options.maxSessions, { fallback: 1000, min: 1, max: 1_000_000 }),
  );
}
