import type { Algorithm } from '../jws/algorithms';
import type { PolicyDocument } from '../policy/document';

/** Signatures in base64url; RSA with 4096 bits. */
const SIGNATURE_BYTES: Readonly<Partial<Record<Algorithm, number>>> = { ES256: 86, EdDSA: 86, ES384: 128, ES512: 176 };
const RSA_SIGNATURE_BYTES = 683;

const filled = (length: number): string => 'x'.repeat(length);
const longest = (names: readonly string[]): string => names.reduce((a, b) => (b.length > a.length ? b : a), '');
const base64url = (bytes: number): number => Math.ceil((bytes * 4) / 3);
const listed = (value: string | readonly string[] = []): readonly string[] =>
  typeof value === 'string' ? [value] : value;

/**
 * How large the Transaction Token of a caller with every role can become, in bytes: from what the policy names, with
 * long values for what it does not (subject, name, tenant).
 */
export function largestTokenBytes({ edge, roles, actors = {}, routes = [], ...rest }: PolicyDocument): number {
  if (edge.profile !== 'txn-token') return 0;
  const provider = longest(Object.keys(rest.identityProviders ?? {}));
  const scopes = new Set(routes.flatMap(({ scope, anyScope }) => [...listed(scope), ...listed(anyScope)]));
  const claims = {
    iss: edge.issuer,
    aud: edge.audience,
    iat: 1_700_000_000,
    exp: 1_700_000_000,
    req_wl: 'apigateway',
    sub: `${provider}:${filled(64)}`,
    scope: [...scopes].join(' '),
    txn: filled(36),
    act: { sub: longest(Object.keys(actors)) },
    tctx: { roles: Object.keys(roles), kind: 'application', tenant: filled(36), name: filled(64), policy: filled(64) },
    rctx: {
      idp: provider,
      acr: '1',
      amr: ['pwd', 'mfa'],
      auth_time: 1_700_000_000,
      req_ip: filled(39),
      idp_exp: 1_700_000_000,
      req_bind: filled(43),
    },
  };
  const header = { alg: 'ES256', typ: 'txntoken+jwt', kid: filled(43) };
  const signature = Math.max(...edge.algorithms.map((name) => SIGNATURE_BYTES[name] ?? RSA_SIGNATURE_BYTES));
  const bytes = (value: object): number => base64url(Buffer.byteLength(JSON.stringify(value)));
  return bytes(header) + 1 + bytes(claims) + 1 + signature;
}
