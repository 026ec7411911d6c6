import { verify, type KeyObject } from 'node:crypto';

type Json = Record<string, unknown>;

/**
 * Header and claims of an ES256 token, verified by node:crypto alone.
 * @throws Error where the signature is not the key's
 */
export function verifiedParts(token: string, publicKey: KeyObject): { header: Json; claims: Json } {
  const [header = '', claims = '', signature = ''] = token.split('.');
  const key = { key: publicKey, dsaEncoding: 'ieee-p1363' as const };
  const isRight = verify('sha256', Buffer.from(`${header}.${claims}`), key, Buffer.from(signature, 'base64url'));
  if (!isRight) throw new Error('The signature is not the key’s.');
  const read = (part: string): Json => JSON.parse(Buffer.from(part, 'base64url').toString('utf8')) as Json;
  return { header: read(header), claims: read(claims) };
}
