import type { PolicyDocument } from '../policy/document';
import { authorizerScript } from './gateway-function';
import type { GatewayApi } from './gateway-model';
import { entriesFor } from './gateway-routes';
import type { Project } from './project';

/**
 * Whether the gateway's paths have something in front of the policy's, so that the two cannot be compared: the code says
 * so, or none of them fits.
 */
export function pathsDiffer(project: Project, api: GatewayApi, document: PolicyDocument): boolean {
  const scripts = [
    ...(project.site?.scripts ?? []),
    ...api.authorizers.flatMap((authorizer) => authorizerScript(project, authorizer) ?? []),
  ];
  if (scripts.some(({ code }) => /\bbasePath\b/.test(code))) return true;
  return api.operations.every((operation) => entriesFor(document, operation).length === 0);
}
