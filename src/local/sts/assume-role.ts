import { readPolicy, type PolicyStatement } from '../gateway/iam-policy';
import type { StsSessions } from './sessions';
import { StsError } from './sts-error';
import { trusts, type TrustPolicy } from './trust-policy';
import type { WebIdentity } from './web-identity';
import type { Elements } from './xml';

/** An IAM role, read. */
export interface StsRole {
  readonly trust: TrustPolicy;
  readonly policy: readonly PolicyStatement[];
  readonly maxSessionDurationSeconds: number;
}

/** What the action works with. */
export interface AssumeRoleContext {
  readonly accountId: string;
  readonly roles: ReadonlyMap<string, StsRole>;
  readonly sessions: StsSessions;
  readonly verify: (token: string) => Promise<WebIdentity>;
}

const MAX_POLICY_CHARACTERS = 2048;
const MIN_DURATION_SECONDS = 900;
const MAX_DURATION_SECONDS = 43_200;

const constraint = (member: string, rule: string): StsError =>
  new StsError(
    400,
    'ValidationError',
    `1 validation error detected: Value at '${member}' failed to satisfy constraint: ${rule}`,
  );

function parameter(form: URLSearchParams, name: string, pattern: RegExp, rule: string): string {
  const value = form.get(name) ?? '';
  if (!pattern.test(value)) throw constraint(`${name.charAt(0).toLowerCase()}${name.slice(1)}`, rule);
  return value;
}

function durationOf(form: URLSearchParams, { maxSessionDurationSeconds }: StsRole): number {
  const given = form.get('DurationSeconds') ?? '3600';
  const seconds = /^\d{1,6}$/.test(given) ? Number(given) : NaN;
  if (!(seconds >= MIN_DURATION_SECONDS && seconds <= MAX_DURATION_SECONDS)) {
    throw constraint(
      'durationSeconds',
      `Member must have value between ${MIN_DURATION_SECONDS} and ${MAX_DURATION_SECONDS}`,
    );
  }
  if (seconds > maxSessionDurationSeconds) {
    throw new StsError(
      400,
      'ValidationError',
      'The requested DurationSeconds exceeds the MaxSessionDuration set for this role.',
    );
  }
  return seconds;
}

function sessionPolicyOf(form: URLSearchParams): readonly PolicyStatement[] | undefined {
  const text = form.get('Policy');
  if (text === null) return undefined;
  if (text.length > MAX_POLICY_CHARACTERS) {
    throw constraint('policy', `Member must have length less than or equal to ${MAX_POLICY_CHARACTERS}`);
  }
  let document: unknown;
  try {
    document = JSON.parse(text);
  } catch {
    throw new StsError(400, 'MalformedPolicyDocument', 'This policy contains invalid Json');
  }
  const statements = readPolicy(document);
  if (typeof statements === 'string')
    throw new StsError(400, 'MalformedPolicyDocument', `Syntax errors in policy: ${statements}`);
  return statements;
}

/** The role, if it trusts whoever shows this token; a role that is not there answers the same. */
function trustedRole(identity: WebIdentity, role: StsRole | undefined, accountId: string): StsRole {
  const { provider, subject, audience, hasTags, sourceIdentity } = identity;
  const key = provider.url.replace(/^https?:\/\//, '');
  const actions = [
    'sts:AssumeRoleWithWebIdentity',
    ...(hasTags ? ['sts:TagSession'] : []),
    ...(sourceIdentity === undefined ? [] : ['sts:SetSourceIdentity']),
  ];
  const values = { [`${key}:sub`]: subject, [`${key}:aud`]: audience };
  const arn = `arn:aws:iam::${accountId}:oidc-provider/${key}`;
  if (role !== undefined && trusts(role.trust, actions, arn, values)) return role;
  throw new StsError(403, 'AccessDenied', 'Not authorized to perform sts:AssumeRoleWithWebIdentity');
}

/**
 * `AssumeRoleWithWebIdentity`: verifies the token and its audience, asks the role's trust policy, and opens a session.
 *
 * Source: AWS STS API reference.
 *
 * @throws StsError as STS would answer
 */
export async function assumeRoleWithWebIdentity(form: URLSearchParams, context: AssumeRoleContext): Promise<Elements> {
  const roleArn = parameter(
    form,
    'RoleArn',
    /^arn:aws[a-z-]*:iam::\d{12}:role\/\S+$/,
    'Member must be the ARN of a role',
  );
  const sessionName = parameter(
    form,
    'RoleSessionName',
    /^[\w+=,.@-]{2,64}$/,
    'Member must satisfy regular expression pattern: [\\w+=,.@-]*, and have 2 to 64 characters',
  );
  const token = parameter(form, 'WebIdentityToken', /^[^]{4,20000}$/, 'Member must have 4 to 20000 characters');
  const sessionPolicy = sessionPolicyOf(form);
  const identity = await context.verify(token);
  const role = trustedRole(identity, context.roles.get(roleArn), context.accountId);
  const durationSeconds = durationOf(form, role);
  const roleName = roleArn.slice(roleArn.lastIndexOf('/') + 1);
  const userArn = `arn:aws:sts::${context.accountId}:assumed-role/${roleName}/${sessionName}`;
  const session = context.sessions.open(
    { roleArn, sessionName, userArn, rolePolicy: role.policy, sessionPolicy },
    durationSeconds,
  );
  return {
    SubjectFromWebIdentityToken: identity.subject,
    Audience: identity.audience,
    AssumedRoleUser: { Arn: userArn, AssumedRoleId: `AROALOCAL${roleName}:${sessionName}` },
    Credentials: {
      AccessKeyId: session.accessKeyId,
      SecretAccessKey: session.secretAccessKey,
      SessionToken: session.sessionToken,
      Expiration: new Date(session.expiresAt).toISOString().replace('.000Z', 'Z'),
    },
    Provider: `arn:aws:iam::${context.accountId}:oidc-provider/${identity.provider.url.replace(/^https?:\/\//, '')}`,
    ...(identity.sourceIdentity !== undefined && { SourceIdentity: identity.sourceIdentity }),
  };
}
