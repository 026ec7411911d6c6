import type { JwkSet } from '../jws/keys';

/** Where the public keys of a signer are: a JWK Set by URL, or one written into the policy. */
export type KeysDocument = { readonly jwksUri: string } | { readonly jwks: JwkSet };
