import { BatonError } from '../core/errors';

/** Whether a URL's host is on the list. */
export type HostList = (url: URL) => boolean;

interface Entry {
  readonly hostname: string;
  /** Any host below `hostname`, and not itself. */
  readonly isBelow: boolean;
  /** As in a URL: empty for the scheme's own port. */
  readonly port: string;
}

/** A host name as it is compared: the URL parser has made it lower case, IDNs ASCII and addresses canonical. */
const withoutRootDot = (hostname: string): string => (hostname.endsWith('.') ? hostname.slice(0, -1) : hostname);

const WILDCARD = '*.';

/** @throws BatonError `option_invalid` */
function entryOf(owner: string, text: unknown): Entry {
  const invalid = (cause?: unknown): BatonError =>
    new BatonError(
      'option_invalid',
      `${owner}: option "hosts" must hold names such as "stock.example.com", "*.example.com" or "[::1]:8443", not ${JSON.stringify(text)}.`,
      { cause },
    );
  if (typeof text !== 'string') throw invalid();
  const isBelow = text.startsWith(WILDCARD);
  const authority = isBelow ? text.slice(WILDCARD.length) : text;
  if (!/^[^\s/\\?#@*%]+$/.test(authority)) throw invalid();
  let url: URL;
  try {
    // A scheme without a port of its own: ":80" and ":443" stay what they are.
    url = new URL(`http://${authority}`);
  } catch (cause) {
    throw invalid(cause);
  }
  const hostname = withoutRootDot(url.hostname);
  // Everything below "com", or below an address, is no list of hosts.
  if (hostname === '' || (isBelow && (!hostname.includes('.') || isAddress(hostname)))) throw invalid();
  return { hostname, isBelow, port: /:(\d+)$/.exec(authority)?.[1]?.replace(/^0+(?=\d)/, '') ?? '' };
}

const isAddress = (hostname: string): boolean => hostname.startsWith('[') || /^[\d.]+$/.test(hostname);

/** The port of a URL, its scheme's own one included. */
const portOf = ({ port, protocol }: URL): string => port || (protocol === 'https:' ? '443' : '80');

/**
 * A list of hosts, compared as URLs are: letter case, IDNs, spellings of addresses and a root dot make no difference. An
 * entry without a port means the scheme's own one; `*.` in front means every host below, at any depth.
 *
 * @throws BatonError `option_invalid`
 * @see https://url.spec.whatwg.org/#host-parsing
 */
export function hostList(owner: string, hosts: readonly string[]): HostList {
  if (!Array.isArray(hosts)) throw new BatonError('option_invalid', `${owner}: option "hosts" must be a list.`);
  const entries = hosts.map((host) => entryOf(owner, host));
  return (url) => {
    if (url.protocol !== 'https:' && url.protocol !== 'http:') return false;
    const hostname = withoutRootDot(url.hostname);
    return entries.some(
      (entry) =>
        (entry.isBelow ? hostname.endsWith(`.${entry.hostname}`) : hostname === entry.hostname) &&
        (entry.port === '' ? url.port === '' : entry.port === portOf(url)),
    );
  };
}
