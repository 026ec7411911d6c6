import type { Finding, FindingCode } from './findings';

const quoted = (names: readonly string[]): string => names.map((name) => `"${name}"`).join(', ');

const SENTENCES: Readonly<Record<FindingCode, (names: readonly string[]) => string>> = {
  role_unheld: (names) => `nobody has the role ${quoted(names)}: neither it nor a role that inherits it has members`,
  permission_ungranted: ([permission = '', ...roles]) =>
    roles.length === 0
      ? `no role grants ${quoted([permission])}: nobody gets through here`
      : `only roles that nobody has grant ${quoted([permission])}: ${quoted(roles)}`,
  role_unreached: (names) => `nobody has ${quoted(names)}: nobody gets through here`,
  route_unreachable: ([path = '']) => `no request comes to ${path}: clients take "." and ".." out of paths`,
  actor_wider: (names) => `no role grants ${quoted(names)}, so the actor cannot use it`,
  deny_idle: (names) => `nothing that is granted or asked for is denied by ${quoted(names)}: is it misspelt?`,
  claim_unmapped: (names) => `no identity provider's "claims" reads ${quoted(names)}: nobody gets through here`,
  tenant_shared: () =>
    'several identity providers map tenants, and equal ones meet here: make sure that they cannot choose the same',
  lifetime_for_cache: (names) =>
    `above 60 s it lets in tokens that a gateway's cache kept, which ${quoted(names)} is there to prevent`,
  route_public: ([route = '']) => `${route} is open to everybody`,
  unlisted_open: () => 'every verified caller may send requests that no entry lists',
  grant_unasked: (names) => `no route, function or workflow asks for ${quoted(names)}; a guard in code may`,
  cache_forbidden: (names) =>
    `${quoted(names)} holds only while the gateway caches no authorizer results: authorizerResultTtlInSeconds 0, createAuthorizer({ cacheTtlSeconds: 0 })`,
};

/** A finding as a sentence. */
export function findingText({ code, names }: Pick<Finding, 'code' | 'names'>): string {
  return SENTENCES[code](names);
}
