/** What an algorithm of RFC 7518 / RFC 8037 needs of its key, and how node:crypto makes its signature. */
interface AlgorithmEntry {
  readonly kty: 'EC' | 'RSA' | 'OKP';
  readonly crv?: string;
  /** The digest's name in node:crypto; null where the algorithm brings its own. */
  readonly digest: 'sha256' | 'sha384' | 'sha512' | null;
  readonly pss?: boolean;
}

/**
 * The algorithms that a policy can name. Asymmetric only: with a shared secret every verifier could sign.
 */
export const ALGORITHMS = {
  ES256: { kty: 'EC', crv: 'P-256', digest: 'sha256' },
  ES384: { kty: 'EC', crv: 'P-384', digest: 'sha384' },
  ES512: { kty: 'EC', crv: 'P-521', digest: 'sha512' },
  EdDSA: { kty: 'OKP', crv: 'Ed25519', digest: null },
  RS256: { kty: 'RSA', digest: 'sha256' },
  RS384: { kty: 'RSA', digest: 'sha384' },
  RS512: { kty: 'RSA', digest: 'sha512' },
  PS256: { kty: 'RSA', digest: 'sha256', pss: true },
  PS384: { kty: 'RSA', digest: 'sha384', pss: true },
  PS512: { kty: 'RSA', digest: 'sha512', pss: true },
} as const satisfies Record<string, AlgorithmEntry>;

/** A signature algorithm by its JOSE name. */
export type Algorithm = keyof typeof ALGORITHMS;

/** True for a JOSE name that Baton verifies. */
export function isAlgorithm(name: unknown): name is Algorithm {
  return typeof name === 'string' && Object.hasOwn(ALGORITHMS, name);
}

/** What `algorithm` needs of its key. */
export function algorithmEntry(algorithm: Algorithm): AlgorithmEntry {
  return ALGORITHMS[algorithm];
}
