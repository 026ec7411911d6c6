export { currentContext, currentUser } from './context/storage';
export type { FunctionMetricsOptions } from './function/metrics';
export type { FunctionWork } from './function/perform';
export type { TaskApproval } from './function/workflow-approval';
export { withBaton, type FunctionHandler, type FunctionOptions } from './function/with-baton';
export { correlationHeaders } from './middleware/correlation-headers';
export { createFetch, type CreateFetchOptions } from './middleware/create-fetch';
