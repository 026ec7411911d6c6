import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { systemClock, type Clock } from '../../core/clock';
import { BatonError } from '../../core/errors';
import type { Logger } from '../../core/logger';
import { checkOptionNames, secureUrl, wholeNumber } from '../../core/options';
import { callerOf, type AwsCaller } from '../aws-caller';
import { readPolicy } from '../gateway/iam-policy';
import { closeServer, listenOnLoopback } from '../loopback';
import { readBody } from '../request-body';
import { withoutTokens } from '../without-tokens';
import { assumeRoleWithWebIdentity, type StsRole } from './assume-role';
import { StsSessions } from './sessions';
import { StsError } from './sts-error';
import { readTrustPolicy } from './trust-policy';
import { webIdentityVerifier, type OidcProvider } from './web-identity';
import { errorXml, STS_NAMESPACE, toXml, type Elements } from './xml';

export type { OidcProvider } from './web-identity';
export { StsSessions, type SessionRefusal, type SessionRequest, type SessionUse, type StsSession } from './sessions';

/** An IAM role: documents as they are deployed. */
export interface RoleDefinition {
  /** The trust policy. Evaluated: `Federated` principals, `StringEquals`, `StringNotEquals`, `StringLike`. */
  readonly trustPolicy: unknown;
  /** What it may do; a policy without conditions. */
  readonly policy: unknown;
  /** Default 3600. */
  readonly maxSessionDurationSeconds?: number;
}

/** One request of an action. */
export interface StsRequest {
  readonly form: URLSearchParams;
  /** Undefined where the request is not signed. */
  readonly caller: AwsCaller | undefined;
  readonly sessions: StsSessions;
}

/** Answers an action of STS: the members of its result. Throws {@link StsError}. */
export type StsAction = (request: StsRequest) => Promise<Elements>;

/** What {@link startStsEndpoint} is told. */
export interface StsEndpointOptions {
  /** The account's IAM OIDC providers. */
  readonly providers: readonly OidcProvider[];
  /** The account's roles, by ARN. */
  readonly roles: Readonly<Record<string, RoleDefinition>>;
  /** Further actions by name. */
  readonly actions?: Readonly<Record<string, StsAction>>;
  /** Default 0: a free one. */
  readonly port?: number;
  /** Default `123456789012`. */
  readonly accountId?: string;
  readonly clock?: Clock;
  readonly logger?: Logger;
}

/** An STS endpoint that runs. */
export interface StsEndpoint {
  readonly url: string;
  readonly port: number;
  readonly sessions: StsSessions;
  /** How often each action was asked for. */
  readonly calls: Readonly<Record<string, number>>;
  stop(): Promise<void>;
}

const OWNER = 'startStsEndpoint()';
const MAX_BYTES = 128 * 1024;

function readRole(arn: string, { trustPolicy, policy, maxSessionDurationSeconds }: RoleDefinition): StsRole {
  const refuse = (what: string): BatonError =>
    new BatonError('option_invalid', `${OWNER}: the role ${arn} cannot be used: ${what}.`);
  const trust = readTrustPolicy(trustPolicy);
  if (typeof trust === 'string') throw refuse(trust);
  const statements = readPolicy(policy);
  if (typeof statements === 'string') throw refuse(statements);
  const limits = { fallback: 3600, min: 3600, max: 43_200 };
  return {
    trust,
    policy: statements,
    maxSessionDurationSeconds: wholeNumber(OWNER, 'maxSessionDurationSeconds', maxSessionDurationSeconds, limits),
  };
}

async function readForm(incoming: IncomingMessage): Promise<URLSearchParams> {
  const { bytes } = await readBody(incoming, MAX_BYTES);
  if (bytes === undefined) throw new StsError(413, 'RequestEntityTooLarge', 'The request is too large.');
  return new URLSearchParams(bytes.toString('utf8'));
}

/** What goes back: status, and XML as the SDK reads it. */
interface Answer {
  readonly status: number;
  readonly body: string;
}

function errorAnswer(thrown: unknown, requestId: string, logger: Logger | undefined): Answer {
  if (!(thrown instanceof StsError)) logger?.error(`The local STS endpoint failed: ${withoutTokens(String(thrown))}`);
  const { status, code, message } =
    thrown instanceof StsError ? thrown : new StsError(500, 'InternalFailure', 'The local endpoint failed.');
  return { status, body: errorXml(status, code, message, requestId) };
}

/**
 * Starts an STS endpoint on loopback that answers `AssumeRoleWithWebIdentity` as STS does: it verifies the token with the keys
 * that its issuer publishes, its times and its audience (`azp` before `aud`), asks the role's trust policy, and keeps the
 * session with its policies, by which the local Lambda endpoint decides on calls.
 *
 * Source: AWS STS API reference; IAM user guide, "Create an OpenID Connect (OIDC) identity provider in IAM".
 *
 * @example
 * ```ts
 * const sts = await startStsEndpoint({
 *   providers: [{ url: idp.issuer, audiences: ['api://invoices-aws'] }],
 *   roles: { 'arn:aws:iam::123456789012:role/clerk': { trustPolicy, policy } },
 * });
 * ```
 * @throws BatonError `option_invalid`, `option_unknown`; `relay_failed` for a port that cannot be had
 */
export async function startStsEndpoint(options: StsEndpointOptions): Promise<StsEndpoint> {
  checkOptionNames(OWNER, options, {
    providers: true,
    roles: true,
    actions: true,
    port: true,
    accountId: true,
    clock: true,
    logger: true,
  });
  const { providers, clock = systemClock, accountId = '123456789012', logger } = options;
  for (const { url } of providers) secureUrl(OWNER, url);
  const port = wholeNumber(OWNER, 'port', options.port, { fallback: 0, min: 0, max: 65_535 });
  const roles = new Map(Object.entries(options.roles).map(([arn, role]) => [arn, readRole(arn, role)]));
  const sessions = new StsSessions(clock);
  const context = { accountId, roles, sessions, verify: webIdentityVerifier(providers, clock) };
  const actions = new Map<string, StsAction>([
    ['AssumeRoleWithWebIdentity', ({ form }) => assumeRoleWithWebIdentity(form, context)],
    ...Object.entries(options.actions ?? {}),
  ]);
  const calls: Record<string, number> = {};

  const perform = async (incoming: IncomingMessage, requestId: string): Promise<Answer> => {
    const form = await readForm(incoming);
    const name = form.get('Action') ?? '';
    const action = incoming.method === 'POST' ? actions.get(name) : undefined;
    if (action === undefined) throw new StsError(400, 'InvalidAction', 'This action is not answered here.');
    calls[name] = (calls[name] ?? 0) + 1;
    const result = await action({ form, caller: callerOf(incoming.headers), sessions });
    const inner = toXml({ [`${name}Result`]: result, ResponseMetadata: { RequestId: requestId } });
    return { status: 200, body: `<${name}Response xmlns="${STS_NAMESPACE}">${inner}</${name}Response>` };
  };
  const respond = async (incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> => {
    const requestId = randomUUID();
    const answer = await perform(incoming, requestId).catch((error: unknown) => errorAnswer(error, requestId, logger));
    const headers = {
      'Content-Type': 'text/xml',
      'x-amzn-RequestId': requestId,
      Date: new Date(clock()).toUTCString(),
    };
    outgoing.writeHead(answer.status, headers).end(answer.body);
  };

  const server = createServer((incoming, outgoing) => void respond(incoming, outgoing));
  const listening = await listenOnLoopback(server, port, 'The local STS endpoint');
  return {
    url: `http://127.0.0.1:${String(listening)}`,
    port: listening,
    sessions,
    calls,
    stop: () => closeServer(server),
  };
}
