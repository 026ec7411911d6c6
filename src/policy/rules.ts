import type { Problem } from '../core/errors';
import type { DecisionRules } from './decide-route';
import type { PolicyDocument } from './document';
import { compileRoles } from './roles';
import { compileRoutes } from './routes';

/** What a document decides by, with inheritance and templates worked out; reports what cannot be. */
export function compileRules(document: PolicyDocument, problems: Problem[]): DecisionRules {
  return {
    roles: compileRoles(document.roles, problems),
    actors: document.actors ?? {},
    routes: document.routes && compileRoutes(document.routes, problems),
    unlistedRoutes: document.unlistedRoutes ?? 'deny',
  };
}

const compiled = new WeakMap<PolicyDocument, DecisionRules>();

/** The rules of a document that was compiled before, and so has no problems. For tools that look at policies. */
export function rulesOf(document: PolicyDocument): DecisionRules {
  let rules = compiled.get(document);
  if (rules === undefined) compiled.set(document, (rules = compileRules(document, [])));
  return rules;
}
