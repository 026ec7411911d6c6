export { currentContext, currentUser } from './context/storage';
export { BatonError } from './core/errors';
export type { ErrorCode, ErrorKind } from './core/error-codes';
export type { Actor, Authentication, Identity } from './core/identity';
export type { AuditEvent, AuditSink, LogFields, Logger } from './core/logger';
export type { ReplayStore } from './core/replay';
export type { RequestContext } from './core/request-context';
export type { UpgradeListener } from './core/upgrade';
export { memoryReplayStore, type MemoryReplayOptions } from './identity/replay/memory';
export {
  redisReplayStore,
  type RedisCommands,
  type RedisReplayOptions,
  type RedisReplayStore,
} from './identity/replay/redis';
export { authorize, type AuthorizeOptions } from './middleware/authorize';
export { baton, type BatonMiddleware, type BatonOptions } from './middleware/baton';
export { correlation, restoreContext, type CorrelationOptions } from './middleware/correlation';
export { correlationHeaders } from './middleware/correlation-headers';
export { createFetch, type CreateFetchOptions } from './middleware/create-fetch';
export {
  requireAllRoles,
  requireAnyPermission,
  requireAnyScope,
  requirePermission,
  requireRecentLogin,
  requireRole,
  requireScope,
  type RecentLoginOptions,
} from './middleware/guards';
export { health, type HealthCheck, type HealthOptions, type HealthReport } from './middleware/health';
export type { HttpRequest, Middleware, Next } from './middleware/http';
export type { WindowsSignIn } from './identity/assertion';
export { identity, type IdentityOptions } from './middleware/identity';
export { jwks, type JwksOptions } from './middleware/jwks';
export { problemHandler, type ProblemDocument } from './middleware/problem';
export { requestLog, type RequestLogOptions } from './middleware/request-log';
export { verifyUpgrade, type AcceptUpgrade, type UpgradeOptions } from './middleware/upgrade';
