export type { AuditEvent, AuditSink, LogFields, Logger } from './core/logger';
export type { Signer } from './jws/sign';
export { auditTrail } from './logging/audit';
export type { AuditPlace } from './logging/audit-checkpoint';
export type { AuditCheckpoint } from './logging/audit-checkpoints';
export { createAuditTrail, type AuditTrail, type AuditTrailOptions } from './logging/audit-trail';
export { createJsonLogger, type LogLevel } from './logging/json-logger';
export type { SubjectForm, SubjectOptions } from './logging/subjects';
export { createLogger, type LoggerOptions } from './logging/winston-logger';
