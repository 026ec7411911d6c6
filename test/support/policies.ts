import type { Actor, Identity } from '../../src/core/identity';
import type { Problem } from '../../src/core/errors';
import { BatonError } from '../../src/core/errors';
import type { PolicyDocument } from '../../src/policy/document';
import { compilePolicy, type Policy } from '../../src/policy/policy';
import { APP_ISSUER, AUDIENCE, FUNCTION_ARN, ISSUER, NOW, PROVIDER_AUDIENCE, PROVIDER_ISSUER } from './tokens';

/** A policy with everything in it that can be in a policy. */
export const fullPolicy = {
  application: 'invoices',
  edge: {
    profile: 'txn-token',
    issuer: ISSUER,
    audience: AUDIENCE,
    algorithms: ['ES256'],
    keys: { jwksUri: 'https://keys.example.com/jwks.json' },
  },
  identityProviders: {
    entra: {
      issuer: PROVIDER_ISSUER,
      audience: PROVIDER_AUDIENCE,
      algorithms: ['RS256'],
      claims: { subject: '/oid', tenant: '/tid', name: '/preferred_username', roles: ['/roles'], scopes: '/scp' },
    },
  },
  handOver: { issuer: APP_ISSUER, algorithms: ['ES256'], keys: { jwksUri: 'https://keys.example.com/app.json' } },
  roles: {
    clerk: { members: ['entra:Invoices.Clerk', 'windows:CORP\\bob'], permissions: ['invoice:read'] },
    approver: { members: ['entra:Invoices.Approver'], inherits: ['clerk'], permissions: ['invoice:approve'] },
    auditor: { permissions: ['invoice:*'], deny: ['invoice:approve'] },
  },
  actors: { 'invoice-copilot': { permissions: ['invoice:read'], roles: ['clerk'] } },
  routes: [
    { path: '/health', public: true },
    { method: 'GET', path: '/invoices/{id}', permission: 'invoice:read' },
    { method: 'POST', path: '/invoices/{id}/approve', permission: 'invoice:approve' },
  ],
  functions: { 'render-invoice': { target: FUNCTION_ARN, permission: 'invoice:read', timeoutSeconds: 10 } },
} as const satisfies PolicyDocument;

/** The full policy with some members replaced; undefined takes one out. */
export function policyDocument(changes: Readonly<Record<string, unknown>> = {}): object {
  return JSON.parse(JSON.stringify({ ...fullPolicy, ...changes }));
}

/** The full policy with some members replaced, compiled. */
export function makePolicy(changes: Readonly<Record<string, unknown>> = {}, env: NodeJS.ProcessEnv = {}): Policy {
  return compilePolicy(policyDocument(changes), env);
}

/** What is wrong with a document; none where it compiles. */
export function problemsOf(document: unknown, env: NodeJS.ProcessEnv = {}): readonly Problem[] {
  try {
    compilePolicy(document, env);
    return [];
  } catch (error) {
    if (error instanceof BatonError && error.code === 'policy_invalid') return error.problems;
    throw error;
  }
}

/** A verified user. `actors` are named from the current one to the first. */
export function makeIdentity({
  roles = [],
  scopes = [],
  actors = [],
}: { roles?: readonly string[]; scopes?: readonly string[]; actors?: readonly string[] } = {}): Identity {
  const actor = actors.reduceRight<Actor | undefined>((before, subject) => ({ subject, actor: before }), undefined);
  return {
    subject: 'entra:7d3c',
    kind: 'user',
    roles,
    scopes,
    ...(actor && { actor }),
    authentication: {},
    edge: { profile: 'txn-token', issuer: ISSUER },
    transactionId: 'txn-1',
    expiresAt: NOW + 300,
  };
}
