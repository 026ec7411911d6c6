export { currentContext, currentUser } from './context/storage';
export type { Actor, Authentication, Identity } from './core/identity';
export type { RequestContext } from './core/request-context';
