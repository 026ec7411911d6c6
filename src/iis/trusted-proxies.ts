import { BlockList, isIP } from 'node:net';
import { BatonError } from '../core/errors';

/** Whether an address is one of those that were named. Undefined, as on a pipe, never is. */
export type TrustedAddresses = (address: string | undefined) => boolean;

/** Trusts nobody. */
export const NO_PROXIES: TrustedAddresses = () => false;

/** Node listens on IPv6 for both, and writes IPv4 clients like this. */
const MAPPED_IPV4 = /^::ffff:(?=\d+\.)/i;

/** The address in the one form in which addresses are compared: IPv4 as IPv4. */
export function plainAddress(address: string): string {
  return address.startsWith('::') ? address.replace(MAPPED_IPV4, '') : address;
}

/**
 * The addresses of reverse proxies, from their list.
 *
 * @param proxies addresses and networks, such as `10.0.0.0/8` or `2001:db8::/32`
 * @throws BatonError `option_invalid` for text that is no address, and for a network that holds everybody
 */
export function trustedAddresses(owner: string, proxies: readonly string[]): TrustedAddresses {
  const named = new BlockList();
  for (const text of proxies) add(named, owner, text);
  return (address) => {
    if (address === undefined) return false;
    const plain = plainAddress(address);
    const version = isIP(plain);
    return version !== 0 && named.check(plain, version === 4 ? 'ipv4' : 'ipv6');
  };
}

function add(named: BlockList, owner: string, text: string): void {
  const refuse = (why: string): BatonError =>
    new BatonError('option_invalid', `${owner}: ${JSON.stringify(text)} ${why}.`);
  if (typeof text !== 'string') throw refuse('is no address');
  const [address = '', bits, ...rest] = text.trim().split('/');
  const version = isIP(address);
  if (version === 0 || rest.length > 0) throw refuse('is neither an IP address nor a network such as 10.0.0.0/8');
  const family = version === 4 ? 'ipv4' : 'ipv6';
  const longest = version === 4 ? 32 : 128;
  const length = bits === undefined ? longest : /^\d{1,3}$/.test(bits) ? Number(bits) : Number.NaN;
  if (!(length <= longest)) throw refuse(`needs a length from 1 to ${longest} behind the slash`);
  if (length === 0) throw refuse('holds everybody: every client could say where it comes from');
  named.addSubnet(address, length, family);
}
