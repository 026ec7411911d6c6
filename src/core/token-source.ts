/** Gives tokens by which this workload shows who it is, to whoever `audience` names. They are secrets. */
export interface TokenSource {
  /**
   * A token that is valid now.
   *
   * @returns the token, and when it ends in seconds since the epoch
   * @throws BatonError
   */
  token(audience: string, options?: { readonly signal?: AbortSignal }): Promise<{ token: string; expiresAt: number }>;
}
