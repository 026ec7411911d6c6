import { fullPolicy, policyDocument, problemsOf } from '../support/policies';

/** What the policy says of a value at `pointer` when it is made wrong. */
const hintAt = (pointer: string, changes: Readonly<Record<string, unknown>>): string | undefined =>
  problemsOf(policyDocument(changes)).find((problem) => problem.pointer === pointer)?.message;

const { entra } = fullPolicy.identityProviders;
const providers = (changes: object): object => ({ identityProviders: { entra: { ...entra, ...changes } } });
const clerk = (changes: object): object => ({ roles: { clerk: changes } });
const route = (changes: object): object => ({ routes: [{ path: '/a', authenticated: true, ...changes }] });
const edge = (changes: object): object => ({ edge: changes });

// Whoever writes a policy sees these words, and should not have to look up a pattern.
it.each<[string, object, string]>([
  ['/application', { application: '1 app' }, 'a name of letters, digits, ".", "_" and "-"'],
  ['/roles/1 a', { roles: { '1 a': {} } }, 'up to 64 letters, digits, ".", "_" and "-", a letter first'],
  [
    '/identityProviders/Entra',
    { identityProviders: { Entra: entra } },
    'up to 32 small letters, digits and "-", a letter first',
  ],
  ['/identityProviders/entra/tenants/0', providers({ tenants: ['T1'] }), 'the ID of a tenant in lower case'],
  [
    '/identityProviders/entra/claims/subject',
    providers({ claims: { ...entra.claims, subject: 'oid' } }),
    'a JSON pointer such as "/sub"',
  ],
  ['/roles/clerk/permissions/0', clerk({ permissions: ['*'] }), 'a permission such as "invoice:read" or "invoice:*"'],
  ['/roles/clerk/members/0', clerk({ members: ['Entra'] }), '"provider:value"'],
  ['/roles/clerk/aws/roleArn', clerk({ aws: { roleArn: 'x' } }), 'the ARN of an IAM role'],
  ['/roles/clerk/inherits/0', clerk({ inherits: ['1 role'] }), 'the name of a role'],
  ['/routes/0/path', route({ path: 'a' }), 'a path template such as "/invoices/{id}"'],
  ['/routes/0/permission', route({ permission: 'invoice:*' }), 'a permission such as "invoice:read", without wildcard'],
  ['/routes/0/scope', route({ scope: 'a b' }), 'a scope token (RFC 6749)'],
  ['/routes/0/where/1', route({ path: '/{a}', where: { 1: '/tenant' } }), 'the name of a parameter of the path'],
  ['/routes/0/recentLogin/acr', route({ recentLogin: { acr: 'a b' } }), 'an acr value without blanks'],
  [
    '/edge/provider',
    edge({ profile: 'google-iap', audience: '/projects/1/apps/a', provider: 'A' }),
    'a name of lower-case letters, digits and "-"',
  ],
  [
    '/edge/signer',
    edge({ profile: 'aws-alb', signer: 'x', issuer: 'https://a.example', client: 'c' }),
    'the ARN of the load balancer',
  ],
  [
    '/edge/signer',
    edge({ profile: 'aws-verified-access', signer: 'x', issuer: 'https://a.example' }),
    'the ARN of the Verified Access instance',
  ],
  [
    '/edge/audience',
    edge({ profile: 'google-iap', audience: 'x' }),
    'a path such as "/projects/123/global/backendServices/456"',
  ],
  [
    '/edge/issuer',
    edge({ profile: 'cloudflare-access', issuer: 'https://a.example/', audience: 'x' }),
    'a URL such as "https://team.cloudflareaccess.com", without a slash at the end',
  ],
  [
    '/edge/audience',
    edge({ profile: 'cloudflare-access', issuer: 'https://a.example', audience: 'x' }),
    'the 64 hex digits of the AUD tag',
  ],
  ['/edge/audience', edge({ profile: 'pomerium', audience: 'A b' }), 'a host such as "invoices.example.com"'],
  [
    '/edge/header',
    edge({ profile: 'unsigned', header: 'a b', encoding: 'json', claims: entra.claims }),
    'the name of a header',
  ],
])('%s says what is expected there: %j', (pointer, changes, hint) => {
  expect(hintAt(pointer, changes as Record<string, unknown>)).toContain(hint);
});
