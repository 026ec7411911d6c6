import { isIP } from 'node:net';
import { plainAddress, type TrustedAddresses } from './trusted-proxies';

/** What a host or a proxy says of the hop before it. */
export interface Hop {
  /** Undefined where it is not known. */
  readonly address: string | undefined;
  readonly protocol: 'http' | 'https';
  /** As in the `Host` header. */
  readonly host: string | undefined;
}

/** The entries of the forwarding headers, oldest first: each proxy writes its own behind those that it was given. */
export interface ForwardedEntries {
  readonly addresses: readonly string[];
  readonly protocols: readonly string[];
  readonly hosts: readonly string[];
}

/**
 * The address in an entry of `X-Forwarded-For`: without the port that IIS writes behind it, without the brackets of IPv6.
 * @returns undefined where it is no address
 */
export function entryAddress(entry: string): string | undefined {
  const text = entry.trim();
  // As REMOTE_ADDR has it.
  if (isIP(text) !== 0) return plainAddress(text);
  const bare = /^\[([^\]]+)\](?::\d{1,5})?$/.exec(text)?.[1] ?? /^([\d.]+):\d{1,5}$/.exec(text)?.[1];
  return bare === undefined || isIP(bare) === 0 ? undefined : plainAddress(bare);
}

/** The last entry of a header's values. */
export function lastEntry(values: readonly string[]): string | undefined {
  const value = values.at(-1);
  return value?.slice(value.lastIndexOf(',') + 1);
}

/** Splits a header's values into entries; empty ones count for nothing. */
export function entriesOf(values: readonly string[]): readonly string[] {
  if (values.length === 0) return values;
  return values
    .join(',')
    .split(',')
    .map((entry) => entry.trim())
    .filter((entry) => entry !== '');
}

/** `http` or `https` in any letter case; anything else says nothing. */
export function protocolOf(text: string | undefined): Hop['protocol'] | undefined {
  const folded = text?.trim().toLowerCase();
  return folded === 'http' || folded === 'https' ? folded : undefined;
}

/**
 * Goes back from the nearest hop to the client: over every address that is trusted, and not one further. What stands
 * left of an address that is not trusted was written by whoever sits there.
 *
 * Of `X-Forwarded-Proto` and `X-Forwarded-Host` the last entry counts, which the nearest proxy wrote or at least left in
 * place: which of several belongs to which proxy cannot be told, because some add to those headers and some replace them,
 * and a count that comes out wrong would reach the client's own words.
 *
 * @param nearest the hop that the host itself saw
 * @param before what is left to be said by those before; most requests come to the host directly, and nobody asks
 */
export function walkBack(nearest: Hop, before: () => ForwardedEntries, isTrusted: TrustedAddresses): Hop {
  if (!isTrusted(nearest.address)) return nearest;
  const entries = before();
  const addresses = [...entries.addresses];
  let { address } = nearest;
  while (address !== undefined && isTrusted(address)) {
    const entry = addresses.pop();
    if (entry === undefined) break;
    // An entry that is no address says that the proxy did not know; nothing left of it can be placed.
    address = entryAddress(entry);
  }
  return {
    address,
    protocol: protocolOf(entries.protocols.at(-1)) ?? nearest.protocol,
    host: entries.hosts.at(-1) ?? nearest.host,
  };
}
