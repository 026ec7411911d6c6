/** Compact JWS and JWE: three or five base64url parts, the first one a JSON object's (`{"`), as every JOSE header is. */
const COMPACT_TOKEN = /\beyJ[\w-]+(?:\.[\w-]*){2,4}/g;

/**
 * `text` with everything that looks like a token taken out. Foreign error messages quote what they choked on; the
 * relay's logs must not.
 */
export function withoutTokens(text: string): string {
  return text.replace(COMPACT_TOKEN, '[token]');
}
