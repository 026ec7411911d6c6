export type { AccessPolicy, Decision, LoginRequirement, RouteRequest } from './core/access';
export type * from './policy/document';
export { loadPolicy } from './policy/load';
export { compilePolicy, type Policy } from './policy/policy';
