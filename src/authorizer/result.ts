import { BatonError } from '../core/errors';
import type { Identity } from '../core/identity';
import type { RouteDocument } from '../policy/document';
import type { Policy } from '../policy/policy';

/** What the gateway may map on to the integration. REST takes strings only, so the token is one. */
export interface AuthorizerContext {
  /** The Transaction Token; map it to the header `Txn-Token`. */
  readonly txnToken: string;
  /** The caller's subject, for access logs. */
  readonly subject: string;
  /** The policy's digest, for access logs. */
  readonly policy: string;
}

/** An IAM policy statement. */
export interface PolicyStatement {
  readonly Action: 'execute-api:Invoke';
  readonly Effect: 'Allow' | 'Deny';
  readonly Resource: readonly string[];
}

/** The result for REST APIs: an IAM policy. */
export interface IamResult {
  readonly principalId: string;
  readonly policyDocument: { readonly Version: '2012-10-17'; readonly Statement: readonly PolicyStatement[] };
  readonly context?: AuthorizerContext;
}

/** The result for HTTP APIs with simple responses: yes or no. */
export interface SimpleResult {
  readonly isAuthorized: boolean;
  /** Absent where nobody was verified. */
  readonly context?: AuthorizerContext;
}

/** `arn:…:apiId/stage`, which all of the stage's methods share. */
function stageArn(methodArn: string): string {
  const [, stage] = /^(arn:[^:]+:execute-api:[^:]*:[^:]*:[^/]+\/[^/]+)\//.exec(methodArn) ?? [];
  if (stage === undefined)
    throw new BatonError(
      'event_invalid',
      'The methodArn is not an execute-api ARN: only API Gateway may invoke the authorizer.',
    );
  return stage;
}

function resourcesOf(stage: string, basePath: string, { method, path }: RouteDocument): string[] {
  // A trailing slash is free in a template, and the ARN of a method has none.
  const pattern = `${basePath}${path.replace(/\{[^}]+\}/g, '*')}`.replace(/(?<=.)\/$/, '');
  // GET covers HEAD here as it does in Express.
  const methods = method === undefined ? ['*'] : method === 'GET' ? ['GET', 'HEAD'] : [method];
  return methods.map((name) => `${stage}/${name}${pattern}`);
}

/**
 * The caller's whole list of allowed routes. The gateway caches the result by caller and applies it to every route, so a
 * policy that names only the route of the first request would refuse the others
 * (API Gateway developer guide, "Control access to a REST API with Lambda authorizers").
 *
 * IAM's `*` also matches slashes: the list is wider than the policy's templates. It is a first fence; the app's own
 * decision is final.
 */
export function iamResult(
  policy: Policy,
  identity: Identity,
  context: AuthorizerContext,
  { methodArn, basePath }: { methodArn: string; basePath: string },
): IamResult {
  const stage = stageArn(methodArn);
  const allowed = policy.admitsUnlisted(identity)
    ? [`${stage}/*`]
    : policy.routes
        .filter((route) => policy.admits(route, identity))
        .flatMap((route) => resourcesOf(stage, basePath, route));
  const statement: PolicyStatement =
    allowed.length > 0
      ? { Action: 'execute-api:Invoke', Effect: 'Allow', Resource: [...new Set(allowed)] }
      : { Action: 'execute-api:Invoke', Effect: 'Deny', Resource: [`${stage}/*`] };
  return {
    principalId: identity.subject,
    policyDocument: { Version: '2012-10-17', Statement: [statement] },
    // Always with an Allow: a mapping without its value is skipped, and the client's own header would pass.
    context,
  };
}

/** No, to whoever was not verified, as an IAM policy. Cached by the token, it holds for every route. */
export function iamRefusal(methodArn: string): IamResult {
  const statement = { Action: 'execute-api:Invoke', Effect: 'Deny', Resource: [`${stageArn(methodArn)}/*`] } as const;
  return { principalId: 'nobody', policyDocument: { Version: '2012-10-17', Statement: [statement] } };
}

/** Yes for a caller to whom anything is open: the result is cached for all routes and cannot decide on one. */
export function simpleResult(policy: Policy, identity: Identity, context: AuthorizerContext): SimpleResult {
  const isAuthorized =
    policy.admitsUnlisted(identity) ||
    policy.routes.some((route) => route.public !== true && policy.admits(route, identity));
  return { isAuthorized, context };
}
