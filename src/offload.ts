export type { Jwk } from './jws/keys';
export { jwkSigner, type Signer } from './jws/sign';
export { offloadHandler } from './middleware/offload-handler';
export { createOffload, type InvokeOptions, type Offload, type OffloadOptions } from './offload/offload';
