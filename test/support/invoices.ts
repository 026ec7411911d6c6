import { definedMembers } from '../../src/core/objects';
import type { PolicyDocument } from '../../src/policy/document';
import { compilePolicy, type Policy } from '../../src/policy/policy';
import {
  APP_ISSUER,
  AUDIENCE,
  FUNCTION_ARN,
  ISSUER,
  makeKey,
  NOW,
  PROVIDER_AUDIENCE,
  PROVIDER_ISSUER,
  type TestKey,
} from './tokens';

/** Who signs what in the tests' relay; all have the same key ID, so that no test passes because of a kid. */
export const relayKeys = {
  edge: makeKey('ES256', { kid: 'key-1' }),
  provider: makeKey('ES256', { kid: 'key-1' }),
  handOver: makeKey('ES256', { kid: 'key-1' }),
};

/** The time of the tests' tokens, in milliseconds. */
export const testClock = (): number => NOW * 1000;

const inPlace = ({ publicJwk }: TestKey): { jwks: { keys: [TestKey['publicJwk']] } } => ({
  jwks: { keys: [publicJwk] },
});

/** The policy of the example application, with keys in place. */
export const invoicesDocument = {
  application: 'invoices',
  edge: {
    profile: 'txn-token',
    issuer: ISSUER,
    audience: AUDIENCE,
    algorithms: ['ES256'],
    keys: inPlace(relayKeys.edge),
  },
  identityProviders: {
    entra: {
      issuer: PROVIDER_ISSUER,
      audience: PROVIDER_AUDIENCE,
      algorithms: ['ES256'],
      keys: inPlace(relayKeys.provider),
      claims: {
        subject: '/oid',
        tenant: '/tid',
        name: '/preferred_username',
        roles: ['/roles', '/groups'],
        scopes: '/scp',
        kind: '/idtyp',
      },
    },
  },
  handOver: { issuer: APP_ISSUER, algorithms: ['ES256'], keys: inPlace(relayKeys.handOver) },
  roles: {
    clerk: { members: ['entra:Invoices.Clerk'], permissions: ['invoice:read'] },
    approver: { members: ['entra:Invoices.Approver'], inherits: ['clerk'], permissions: ['invoice:approve'] },
    suspended: { members: ['entra:Invoices.Suspended'], deny: ['invoice:read', 'invoice:approve'] },
  },
  actors: { copilot: { members: ['entra:copilot-client'], permissions: ['invoice:read'] } },
  routes: [
    { method: 'GET', path: '/health', public: true },
    { method: 'GET', path: '/invoices/{id}', permission: 'invoice:read' },
    { method: 'POST', path: '/invoices/{id}/approve', permission: 'invoice:approve' },
    { method: 'GET', path: '/reports/{path+}', role: 'approver' },
    { method: 'GET', path: '/export/', scope: 'invoices.export' },
    { path: '/me', authenticated: true },
  ],
  functions: { 'render-invoice': { target: FUNCTION_ARN, permission: 'invoice:read', timeoutSeconds: 1 } },
} as const satisfies PolicyDocument;

/** That policy, compiled; `changes` replaces members of the document, undefined leaves them out. */
export function invoicesPolicy(changes: Readonly<Record<string, unknown>> = {}): Policy {
  return compilePolicy(definedMembers({ ...invoicesDocument, ...changes }), {});
}
