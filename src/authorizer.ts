export { createAuthorizer, type AuthorizerHandler, type AuthorizerOptions } from './authorizer/authorizer';
export type { AuthorizerContext, IamResult, PolicyStatement, SimpleResult } from './authorizer/result';
export type { Jwk } from './jws/keys';
export { jwkSigner, type Signer } from './jws/sign';
export { kmsSigner, type KmsSignerOptions } from './keys/kms-signer';
export { ringSigner } from './keys/ring-signer';
export { secretsManagerSigner, type SecretsManagerSignerOptions } from './keys/secret-signer';
