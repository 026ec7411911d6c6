export type { Jwk } from './jws/keys';
export { jwkSigner, type Signer } from './jws/sign';
export { kmsSigner, type KmsSignerOptions } from './keys/kms-signer';
export { ringSigner } from './keys/ring-signer';
export { secretsManagerSigner, type SecretsManagerSignerOptions } from './keys/secret-signer';
export type { StartedExecution } from './workflows/start';
export { createWorkflows, type StartOptions, type Workflows, type WorkflowsOptions } from './workflows/workflows';
