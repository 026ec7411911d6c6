export type { Jwk } from './jws/keys';
export { jwkSigner, type Signer } from './jws/sign';
export { kmsSigner, type KmsSignerOptions } from './keys/kms-signer';
export { ringSigner } from './keys/ring-signer';
export { secretsManagerSigner, type SecretsManagerSignerOptions } from './keys/secret-signer';
export { offloadHandler } from './middleware/offload-handler';
export { createOffload, type InvokeOptions, type Offload, type OffloadOptions } from './offload/offload';
