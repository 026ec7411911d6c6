import type { JwkSet } from '../jws/keys';

/** Where the public keys of a signer are: one of these, told by its member. */
export type KeysDocument =
  /** A JWK Set by URL. */
  | { readonly jwksUri: string }
  /** A JWK Set in place. */
  | { readonly jwks: JwkSet }
  /** A JWK Set in a file, by its path. */
  | { readonly file: string }
  /** A JWK Set in AWS Secrets Manager, by the secret's name or ARN. */
  | { readonly secretId: string }
  /** Keys one by one, as PEM below this URL and the key's ID. */
  | { readonly pemUrl: string };
