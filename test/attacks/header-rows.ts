import type { Express } from 'express';
import { currentContext, currentUser } from '../../src/index';
import { tokenOf } from '../middleware/apps';

/** What only a handler behind the rules can say. */
export const SECRET = 'the-secret-of-the-handler';

/** Handlers behind each kind of rule; they give away what they know of their caller. */
export function routes(app: Express): void {
  const tell = (kind: string) => (_req: unknown, res: { json(body: unknown): void }) => {
    res.json({ kind, user: currentUser() ?? null, context: currentContext() ?? null });
  };
  app.all('/health', tell('public'));
  app.all('/admin', tell(SECRET));
  app.all('/invoices/:id', tell(SECRET));
}

export const token = tokenOf();
export const carrier = `Txn-Token: ${token}`;
const evil = tokenOf({ sub: 'entra:root', roles: ['approver'] });

export const lookAlikes = ['Txn_Token', 'txn.token', 'HTTP_TXN_TOKEN', 'Txn-Token-', 'TXNTOKEN', 'tXn_tOkEn'];

/** A look-alike alone, before and after the real header. */
export function smuggledIn(name: string): readonly (readonly string[])[] {
  const smuggled = `${name}: ${evil}`;
  return [[smuggled], [smuggled, carrier], [carrier, smuggled]];
}

export const connectionValues = ['close, Txn-Token', 'Txn-Token', 'close, txn_token', 'keep-alive,TXN-TOKEN'];

export const severalAssertions: [what: string, headers: string[]][] = [
  ['two of them', [carrier, carrier]],
  ['an evil one first', [`Txn-Token: ${evil}`, carrier]],
  ['an evil one behind', [carrier, `Txn-Token: ${evil}`]],
  ['an empty one first', ['Txn-Token:', carrier]],
  ['an empty one behind', [carrier, 'Txn-Token:']],
  ['two in one line', [`Txn-Token: ${token}, ${token}`]],
  ['a good one and a word', [`Txn-Token: ${token}, evil`]],
  ['a word and a good one', [`Txn-Token: evil, ${token}`]],
];

export const switches = [
  'User-Agent: ELB-HealthChecker/2.0',
  'User-Agent: GoogleHC/1.0',
  'X-Middleware-Subrequest: middleware:middleware:middleware',
  'X-Internal-Request: true',
  'X-HTTP-Method-Override: OPTIONS',
  'X-Forwarded-Uri: /health',
  'X-Original-URL: /health',
  'X-Forwarded-For: 127.0.0.1',
  'Sec-Fetch-Mode: navigate',
  'Access-Control-Request-Method: GET',
  'Upgrade-Insecure-Requests: 1',
  'Authorization: Basic YWRtaW46YWRtaW4=',
  `Authorization: Bearer ${token}`,
  `Cookie: Txn-Token=${token}`,
  'X-Amzn-Oidc-Identity: root',
  'X-MS-CLIENT-PRINCIPAL: eyJuYW1lIjoicm9vdCJ9',
  'Remote-User: root',
];

export const evilHosts = [
  ...['evil.example/health?', 'app, evil.example', 'root@evil.example', 'evil.example:99999', '[::1', 'évil'],
];

/** The headers in which such a host is named. */
export const hostHeadersOf = (host: string): string[] => [
  `X-Forwarded-Host: ${host}`,
  `Forwarded: host="${host}"`,
  `X-Original-Host: ${host}`,
];

/** What a client says of itself. */
export const claimsOfOneself = [
  ...['AUTH_USER', 'LOGON_USER', 'REMOTE_USER', 'AUTH_TYPE', 'REMOTE_ADDR'].map((name) => `X-iisnode-${name}`),
  ...['X-Forwarded-For', 'X-Forwarded-User', 'X-Forwarded-Email', 'X-Real-IP', 'Forwarded', 'X-Client-IP'],
  ...['X-MS-CLIENT-PRINCIPAL-NAME', 'X-Amzn-Oidc-Identity', 'X-Goog-Authenticated-User-Email', 'Remote-User'],
  ...['MS-ASPNETCORE-WINAUTHTOKEN', 'MS-ASPNETCORE-CLIENTCERT', 'X-IIS-WindowsAuthToken'],
].map((name) => `${name}: spoofed`);
