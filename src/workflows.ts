export type { Jwk } from './jws/keys';
export { jwkSigner, type Signer } from './jws/sign';
export { kmsSigner, type KmsSignerOptions } from './keys/kms-signer';
export { ringSigner } from './keys/ring-signer';
export { secretsManagerSigner, type SecretsManagerSignerOptions } from './keys/secret-signer';
export { workflowRouter, type WorkflowRouterOptions } from './middleware/workflow-router';
export {
  createWorkflowAuditor,
  type AuditPass,
  type WorkflowAuditor,
  type WorkflowAuditorOptions,
} from './workflows/auditor/auditor';
export type { FollowOptions, WorkflowEvents } from './workflows/follow';
export type { ApprovalDecision } from './workflows/decision';
export type { PendingApproval } from './workflows/pending-approvals';
export type { PassedState } from './workflows/history';
export type { WorkflowRun } from './workflows/run';
export type { WorkflowEvent } from './workflows/run-event';
export type { StartedExecution } from './workflows/start';
export { createWorkflows, type StartOptions, type Workflows, type WorkflowsOptions } from './workflows/workflows';
