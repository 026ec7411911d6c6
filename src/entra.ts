export type { TokenSource } from './core/token-source';
export { createEntraTokens, type EntraTokenOptions, type EntraTokens } from './entra/entra-tokens';
export type { EntraCertificate, EntraOptions } from './entra/options';
export type { EntraToken } from './entra/token-cache';
export { awsTokenSource, type AwsTokenSourceOptions } from './entra/web-identity-token';
export { jwkSigner, type Signer } from './jws/sign';
export { kmsSigner, type KmsSignerOptions } from './keys/kms-signer';
