import type { IncomingMessage } from 'node:http';
import { setClient, standaloneConnection, type ClientConnection } from './client-connection';
import { entriesOf, entryAddress, lastEntry, protocolOf, walkBack, type ForwardedEntries, type Hop } from './forwarded';
import { hostHeaders, type HostHeaders } from './host-headers';
import type { HostMode } from './host-mode';
import type { TokenCheck } from './host-token';
import type { IisnodeAdditions } from './iisnode-settings';
import { checkOriginalUrl } from './original-url';
import { PromotedVariables } from './promoted-variables';
import type { TrustedAddresses } from './trusted-proxies';

/** What a host is believed by. */
export interface HostTrust {
  readonly mode: HostMode;
  /** Proxies in front of the host whose `X-Forwarded-…` headers count. */
  readonly isTrusted: TrustedAddresses;
  /** Whether they say by `X-Forwarded-Host` which host was asked for. */
  readonly forwardedHost: boolean;
  /** Where the mode is `iisnode`. */
  readonly iisnode: IisnodeAdditions;
  /** Where the host sends a token with each request. */
  readonly checkToken: TokenCheck | undefined;
}

/**
 * Finds out what the host says of a request, keeps it for `clientOf()`, and puts it in the place of what a client may
 * have written into the request's headers. `rawHeaders` stay as they came.
 *
 * @returns the headers that say something of the request's way, for whoever has to look at them again
 * @throws BatonError `host_token_invalid`, `request_target_invalid`
 */
export type HostRequest = (request: IncomingMessage) => HostHeaders;

/** What the mode's host says of the hop in front of it, and what is left to be said by those before. */
interface Account {
  readonly nearest: Hop;
  readonly before: () => ForwardedEntries;
  readonly rawUrl: string | undefined;
  readonly windowsUser?: string | undefined;
  /** The variables that iisnode promoted. */
  readonly variables?: ReadonlyMap<string, string>;
}

/** Makes the reader of requests for a host. */
export function hostRequest(trust: HostTrust): HostRequest {
  const accountOf = accountsOf(trust);
  return (request) => {
    const headers = hostHeaders(request.rawHeaders);
    trust.checkToken?.(headers.tokens);
    if (accountOf === undefined) {
      forget(request, headers);
      return headers;
    }
    const account = accountOf(request, headers);
    const { address, protocol, host } = walkBack(account.nearest, account.before, trust.isTrusted);
    const { rawUrl, windowsUser } = account;
    const connection: ClientConnection = { mode: trust.mode, address, protocol, host, rawUrl, windowsUser };
    setClient(request, connection);
    forget(request, headers, account.variables);
    rewriteForwarded(request, headers, connection);
    return headers;
  };
}

/** Undefined where there is nobody to believe: `clientOf()` looks at the socket when it is asked. */
function accountsOf(trust: HostTrust): ((request: IncomingMessage, headers: HostHeaders) => Account) | undefined {
  switch (trust.mode) {
    case 'iisnode':
      return iisnodeAccount(trust);
    case 'httpPlatform':
    case 'ancm':
      return (request, headers) => moduleAccount(request, headers, trust);
    case 'proxy':
      return (request, headers) => proxyAccount(request, headers, trust);
    case 'standalone':
      return undefined;
  }
}

const entriesIn = (headers: HostHeaders, { forwardedHost }: HostTrust): ForwardedEntries => ({
  addresses: entriesOf(headers.forwardedFor),
  protocols: entriesOf(headers.forwardedProto),
  hosts: forwardedHost ? entriesOf(headers.forwardedHost) : [],
});

/**
 * iisnode's own headers: the promoted variables where it promotes any, else what `enableXFF` appended. That is less: it
 * appends nothing where the text ends with the client's address already, so a client at 1.1.1.1 can say 21.1.1.1.
 */
function iisnodeAccount(trust: HostTrust): (request: IncomingMessage, headers: HostHeaders) => Account {
  const { promotedVariables, enableXFF } = trust.iisnode;
  const promoted = new PromotedVariables(promotedVariables);
  const addressPromoted = promoted.has('remote_addr');
  return (request, headers) => {
    const variables = promoted.read(request.rawHeaders) ?? NO_VARIABLES;
    const appended = enableXFF && !addressPromoted ? takeAppended(headers) : undefined;
    const address = appended?.address ?? entryAddress(variables.get('remote_addr') ?? '');
    const rawUrl = variables.get('unencoded_url');
    if (rawUrl !== undefined && headers.originalUrl.length > 0) checkOriginalUrl(rawUrl, request.url ?? '');
    return {
      nearest: { address, protocol: protocolFrom(variables), host: request.headers.host },
      before: () => {
        const entries = entriesIn(headers, trust);
        const own = enableXFF ? address : undefined;
        return { ...entries, addresses: appended?.before() ?? withoutOwn(entries.addresses, own) };
      },
      rawUrl,
      windowsUser: userFrom(variables),
      variables,
    };
  };
}

const NO_VARIABLES: ReadonlyMap<string, string> = new Map();

/** iisnode appends to the first header only; others, which would follow it in a list, are the client's. */
function takeAppended({ forwardedFor }: HostHeaders): { address: string | undefined; before: () => readonly string[] } {
  const [first = '', ...others] = forwardedFor;
  return {
    address: entryAddress(lastEntry([first]) ?? ''),
    before: () => [...entriesOf([first]).slice(0, -1), ...entriesOf(others)],
  };
}

function withoutOwn(entries: readonly string[], own: string | undefined): readonly string[] {
  return own !== undefined && entries.at(-1) === own ? entries.slice(0, -1) : entries;
}

function protocolFrom(variables: ReadonlyMap<string, string>): Hop['protocol'] {
  const secure = variables.get('https')?.toLowerCase() === 'on' || variables.get('server_port_secure') === '1';
  return secure ? 'https' : 'http';
}

/** The three name the same user; which of them is filled depends on the kind of sign-in. */
function userFrom(variables: ReadonlyMap<string, string>): string | undefined {
  return variables.get('logon_user') || variables.get('auth_user') || variables.get('remote_user') || undefined;
}

/** HttpPlatformHandler and the ASP.NET Core Module append what they saw, address with port and protocol. */
function moduleAccount(request: IncomingMessage, headers: HostHeaders, trust: HostTrust): Account {
  return {
    nearest: {
      address: entryAddress(lastEntry(headers.forwardedFor) ?? ''),
      protocol: protocolOf(lastEntry(headers.forwardedProto)) ?? 'http',
      host: request.headers.host,
    },
    before: () => {
      const { addresses, protocols, hosts } = entriesIn(headers, trust);
      return { addresses: addresses.slice(0, -1), protocols: protocols.slice(0, -1), hosts };
    },
    rawUrl: request.url,
  };
}

function proxyAccount(request: IncomingMessage, headers: HostHeaders, trust: HostTrust): Account {
  const nearest = standaloneConnection(request);
  return { nearest, before: () => entriesIn(headers, trust), rawUrl: request.url };
}

/** Takes away what only a host may say, and puts back what it did say. `X-Original-URL` is the URL itself under iisnode. */
function forget(request: IncomingMessage, { reserved }: HostHeaders, variables?: ReadonlyMap<string, string>): void {
  const known = request.headers;
  for (const name of reserved) {
    const said = name.startsWith(VARIABLE_PREFIX) ? variables?.get(name.slice(VARIABLE_PREFIX.length)) : undefined;
    if (said !== undefined) known[name] = said;
    else if (name !== 'x-original-url' || variables === undefined) delete known[name];
  }
}

const VARIABLE_PREFIX = 'x-iisnode-';

/** Express and others read these; now they can read nothing but what is so. */
function rewriteForwarded(request: IncomingMessage, headers: HostHeaders, client: ClientConnection): void {
  const known = request.headers;
  if (client.address === undefined) delete known['x-forwarded-for'];
  else known['x-forwarded-for'] = client.address;
  known['x-forwarded-proto'] = client.protocol;
  if (headers.forwardedHost.length === 0) return;
  if (client.host === undefined || client.host === known.host) delete known['x-forwarded-host'];
  else known['x-forwarded-host'] = client.host;
}
