import type { GatewayApi, GatewayAuthorizer } from './gateway-model';
import { gatewaysOf } from './gateways';
import type { Project } from './project';

/** An authorizer that calls a function, and some method uses it. */
export interface UsedAuthorizer {
  readonly api: GatewayApi;
  readonly authorizer: GatewayAuthorizer;
}

/** The authorizers that decide about requests to the site. */
export function usedAuthorizers(project: Project): readonly UsedAuthorizer[] {
  return gatewaysOf(project).flatMap((api) =>
    [...new Set(api.operations.map(({ authorizer }) => authorizer))]
      .filter((one): one is GatewayAuthorizer => typeof one === 'object' && one.type !== 'other')
      .map((authorizer) => ({ api, authorizer })),
  );
}

/** The Authorization header as identity source, as a definition writes it. */
export const authorizationSource = ({ kind }: GatewayApi): string =>
  kind === 'http' ? '$request.header.Authorization' : 'method.request.header.Authorization';

/** Whether results are kept by the caller's Authorization header, or by that and more. */
export function keptByCaller({ identitySources }: GatewayAuthorizer): boolean {
  return (identitySources ?? []).some((source) => /^(?:method\.)?request\.header\.authorization$/i.test(source));
}
