import { randomUUID } from 'node:crypto';
import { headerValues, type Header, type ReceivedRequest } from './received-request';

/** How a site with Application Request Routing is set up. */
export interface ArrSettings {
  /** `preserveHostHeader`; off by default, and then the app is asked for by the name of its own machine. */
  readonly preserveHost: boolean;
  /** Whether the address has its port behind it, as ARR's form in the IIS Manager has it ticked. */
  readonly includePort: boolean;
  /** Whether the site has the rule that docs/hosting.md gives, which sets `X-Forwarded-Proto`. */
  readonly setsProtocol: boolean;
  /** The host and port of the app. */
  readonly backend: string;
}

/**
 * The headers of a request as ARR's reverse proxy forwards it: the address appended, an ID of its own, the URL that the
 * rule rewrote. It takes nothing out, and leaves a client's `X-Forwarded-Proto` alone unless a rule sets it.
 *
 * @see https://learn.microsoft.com/iis/extensions/configuring-application-request-routing-arr/
 */
export function arrHeaders(request: ReceivedRequest, settings: ArrSettings): Header[] {
  const { clientAddress, clientPort, secure, rawTarget } = request;
  const own = settings.setsProtocol
    ? /^(?:x-forwarded-(?:for|proto)|x-original-url)$/i
    : /^x-(?:forwarded-for|original-url)$/i;
  const bracketed = clientAddress.includes(':') ? `[${clientAddress}]` : clientAddress;
  const address = settings.includePort ? `${bracketed}:${clientPort}` : clientAddress;
  return [
    ...request.headers
      .filter(([name]) => !own.test(name))
      .map(([name, value]): Header =>
        name.toLowerCase() === 'host' && !settings.preserveHost ? [name, settings.backend] : [name, value],
      ),
    ['X-Original-URL', rawTarget],
    ['X-Forwarded-For', [...headerValues(request.headers, 'X-Forwarded-For'), address].join(', ')],
    ...(settings.setsProtocol ? [['X-Forwarded-Proto', secure === true ? 'https' : 'http'] as const] : []),
    ['X-ARR-LOG-ID', randomUUID()],
  ];
}
