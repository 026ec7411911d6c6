export type { AuditEvent, AuditSink, LogFields, Logger } from './core/logger';
export { auditTrail } from './logging/audit';
export { createJsonLogger, type LogLevel } from './logging/json-logger';
export { createLogger, type LoggerOptions } from './logging/winston-logger';
