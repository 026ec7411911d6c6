import { randomUUID } from 'node:crypto';
import { createServer } from 'node:http';
import { nowSeconds, systemClock, type Clock } from '../../core/clock';
import { checkOptionNames, wholeNumber } from '../../core/options';
import { signJws } from '../../jws/sign';
import { closeServer, listenOnLoopback } from '../loopback';
import { createPublishedKey, type PublishedKey } from '../published-key';
import type { StsAction, StsRequest } from './endpoint';
import { StsError } from './sts-error';

/** What {@link startWebIdentityIssuer} is told. */
export interface WebIdentityIssuerOptions {
  /** Roles by the access key IDs with which their processes run; sessions that STS gave out are known besides. */
  readonly roles: Readonly<Record<string, string>>;
  /** Default `123456789012`. */
  readonly accountId?: string;
  /** Default `eu-west-1`. */
  readonly region?: string;
  /** Whether the account gives tokens to the outside at all. Default: it does. */
  readonly enabled?: boolean;
  /** Default 0: a free one. */
  readonly port?: number;
  readonly clock?: Clock;
}

/** The account's issuer of tokens for the outside, which runs. */
export interface WebIdentityIssuer {
  /** `iss` of the tokens; the metadata and keys are below it. */
  readonly issuer: string;
  /** `GetWebIdentityToken`, for the `actions` of `startStsEndpoint()`. */
  readonly action: StsAction;
  stop(): Promise<void>;
}

const KEYS_PATH = '/.well-known/jwks.json';
const ALGORITHMS = ['RS256', 'ES384'] as const;
/** Claims of AWS stand in an object of this name. */
const AWS_CLAIMS = 'https://sts.amazonaws.com/';
const MAX_AUDIENCES = 10;
const MAX_TAGS = 50;

const invalid = (message: string): StsError => new StsError(400, 'ValidationError', message);

/** `Audience.member.1`, `Audience.member.2` … */
function members(form: URLSearchParams, name: string): string[] {
  const found: string[] = [];
  for (let i = 1; form.has(`${name}.member.${i}`); i++) found.push(form.get(`${name}.member.${i}`) ?? '');
  return found;
}

function tagsOf(form: URLSearchParams): Record<string, string> {
  const tags: Record<string, string> = {};
  for (let i = 1; form.has(`Tags.member.${i}.Key`); i++) {
    tags[form.get(`Tags.member.${i}.Key`) ?? ''] = form.get(`Tags.member.${i}.Value`) ?? '';
  }
  return tags;
}

interface Wanted {
  readonly audiences: readonly string[];
  readonly algorithm: (typeof ALGORITHMS)[number];
  readonly durationSeconds: number;
  readonly tags: Readonly<Record<string, string>>;
}

function readForm(form: URLSearchParams): Wanted {
  const audiences = members(form, 'Audience');
  if (audiences.length < 1 || audiences.length > MAX_AUDIENCES || audiences.some((value) => value.length > 1000)) {
    throw invalid(`Audience must have 1 to ${MAX_AUDIENCES} members.`);
  }
  const algorithm = ALGORITHMS.find((name) => name === form.get('SigningAlgorithm'));
  if (algorithm === undefined) throw invalid(`SigningAlgorithm must be ${ALGORITHMS.join(' or ')}.`);
  const durationSeconds = Number(form.get('DurationSeconds') ?? 300);
  if (!Number.isInteger(durationSeconds) || durationSeconds < 60 || durationSeconds > 3600) {
    throw invalid('DurationSeconds must be from 60 to 3600.');
  }
  const tags = tagsOf(form);
  if (Object.keys(tags).length > MAX_TAGS) throw invalid(`Tags must have at most ${MAX_TAGS} members.`);
  return { audiences, algorithm, durationSeconds, tags };
}

interface Identified {
  readonly roleArn: string;
  /** When the session ends, in seconds since the epoch: no token may outlive it. */
  readonly endsAt: number;
}

/** Whose credentials signed the request; a session must be allowed to ask by its policies, too. */
function identify({ caller, sessions }: StsRequest, roles: WebIdentityIssuerOptions['roles']): Identified {
  if (caller === undefined) throw new StsError(403, 'MissingAuthenticationToken', 'The request is not signed.');
  const { accessKeyId, sessionToken } = caller;
  if (Object.hasOwn(roles, accessKeyId)) return { roleArn: roles[accessKeyId] ?? '', endsAt: Infinity };
  const session = sessions.find(accessKeyId, sessionToken);
  if (session === undefined) {
    throw new StsError(403, 'InvalidClientTokenId', 'The security token included in the request is invalid.');
  }
  const use = { accessKeyId, sessionToken, action: 'sts:GetWebIdentityToken', resource: '*' };
  const refusal = sessions.authorize(use);
  if (refusal !== undefined) throw new StsError(403, refusal.type.replace(/Exception$/, ''), refusal.message);
  return { roleArn: session.roleArn, endsAt: Math.floor(session.expiresAt / 1000) };
}

type Keys = Readonly<Record<(typeof ALGORITHMS)[number], PublishedKey>>;

/** What is served below the issuer. */
function documentAt(path: string | undefined, issuer: string, { RS256, ES384 }: Keys): object | undefined {
  if (path === KEYS_PATH) return { keys: [RS256.publicJwk, ES384.publicJwk] };
  if (path !== '/.well-known/openid-configuration') return undefined;
  return {
    issuer,
    jwks_uri: `${issuer}${KEYS_PATH}`,
    id_token_signing_alg_values_supported: ALGORITHMS,
    response_types_supported: ['id_token'],
    subject_types_supported: ['public'],
  };
}

const OWNER = 'startWebIdentityIssuer()';

/**
 * Starts what issues the tokens of `sts:GetWebIdentityToken`, on loopback: real ones, whose keys are published, so that who
 * trusts the issuer can verify them. The subject is the role's ARN. Signatures of requests are asked for but not checked.
 *
 * Source: AWS STS API reference, "GetWebIdentityToken"; IAM user guide, "Understanding token claims".
 *
 * @example
 * ```ts
 * const issuer = await startWebIdentityIssuer({ roles: { AKIALOCAL: 'arn:aws:iam::123456789012:role/renderer' } });
 * const sts = await startStsEndpoint({ providers, roles, actions: { GetWebIdentityToken: issuer.action } });
 * ```
 * @throws BatonError `option_invalid`, `option_unknown`; `relay_failed` for a port that cannot be had
 */
export async function startWebIdentityIssuer(options: WebIdentityIssuerOptions): Promise<WebIdentityIssuer> {
  checkOptionNames(OWNER, options, {
    roles: true,
    accountId: true,
    region: true,
    enabled: true,
    port: true,
    clock: true,
  });
  const { roles, accountId = '123456789012', region = 'eu-west-1', enabled = true, clock = systemClock } = options;
  const port = wholeNumber(OWNER, 'port', options.port, { fallback: 0, min: 0, max: 65_535 });
  const [RS256, ES384] = await Promise.all([createPublishedKey('RS256'), createPublishedKey('ES384')]);
  const keys: Keys = { RS256, ES384 };
  const server = createServer((request, response) => {
    const document = documentAt(request.url, issuer, keys);
    response.writeHead(document === undefined ? 404 : 200, { 'Content-Type': 'application/json' });
    response.end(JSON.stringify(document ?? {}));
  });
  const issuer = `http://127.0.0.1:${await listenOnLoopback(server, port, 'The local web identity issuer')}`;

  const claimsFor = ({ audiences, tags }: Wanted, roleArn: string): object => ({
    iss: issuer,
    aud: audiences.length === 1 ? audiences[0] : audiences,
    sub: roleArn,
    jti: randomUUID(),
    [AWS_CLAIMS]: {
      aws_account: accountId,
      source_region: region,
      principal_id: roleArn,
      ...(Object.keys(tags).length > 0 && { request_tags: tags }),
    },
  });

  return {
    issuer,
    async action(request) {
      const { roleArn, endsAt } = identify(request, roles);
      if (!enabled) {
        const message = 'Outbound web identity federation is not enabled for this account.';
        throw new StsError(403, 'OutboundWebIdentityFederationDisabledException', message);
      }
      const wanted = readForm(request.form);
      const now = nowSeconds(clock);
      const expiresAt = now + wanted.durationSeconds;
      if (expiresAt > endsAt) {
        throw new StsError(403, 'SessionDurationEscalationException', 'The token would outlive the session.');
      }
      const claims = { ...claimsFor(wanted, roleArn), iat: now, exp: expiresAt };
      const token = await signJws('JWT', claims, keys[wanted.algorithm].signer);
      return { WebIdentityToken: token, Expiration: new Date(expiresAt * 1000).toISOString() };
    },
    stop: () => closeServer(server),
  };
}
