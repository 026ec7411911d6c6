import { assertionHeader, spelled } from '../assertion-header';
import type { Report } from '../finding';
import type { Rule } from '../rule';
import { authorizerScript } from '../gateway-function';
import { mappingFix } from '../gateway-mapping';
import { routesInWords, type GatewayApi, type GatewayOperation, type HeaderMapping } from '../gateway-model';
import { gatewaysOf } from '../gateways';
import type { Project } from '../project';

/** What createAuthorizer() puts the token under. */
const CONTEXT_KEY = 'txnToken';

/** Operations on which the header must be the gateway's own. */
function guarded({ operations }: GatewayApi, isUnsigned: boolean): readonly GatewayOperation[] {
  // A public route has no token to map; only where nobody signs is the caller's own header a danger there too.
  return operations.filter(({ authorizer }) => isUnsigned || authorizer !== 'none');
}

function wrongSource(
  project: Project,
  { authorizer }: GatewayOperation,
  { source }: HeaderMapping,
): string | undefined {
  if (/^(?:method\.)?(?:request|integration)\./.test(source)) return 'from what the caller sends';
  const key = /^context\.authorizer\.(\w+)$/.exec(source)?.[1];
  if (key === undefined) return source === '' ? undefined : `from ${source}, which no authorizer fills`;
  if (key === CONTEXT_KEY || typeof authorizer === 'string') return undefined;
  const script = authorizerScript(project, authorizer);
  return script !== undefined && /\bcreateAuthorizer\b/.test(script.code)
    ? `from context.authorizer.${key}, but createAuthorizer() fills ${CONTEXT_KEY}, and an empty value is not mapped`
    : undefined;
}

export const gatewayTokenUnmapped: Rule = {
  code: 'gateway-token-unmapped',
  severity: 'error',
  title: "The app gets the caller's own header in the place of the gateway's",
  check(project) {
    const header = assertionHeader(project);
    if (header === undefined) return [];
    const isUnsigned = project.policy?.document?.edge.profile === 'unsigned';
    const danger = isUnsigned
      ? 'Nobody signs that header, so every caller can be anybody.'
      : "The caller's own copy passes through, and without one every request ends in 401.";
    return gatewaysOf(project).flatMap((api): Report[] => {
      const mine = guarded(api, isUnsigned);
      const mappingsOf = ({ integration }: GatewayOperation): readonly HeaderMapping[] =>
        integration.mappings.filter((mapping) => mapping.header === header);
      const fix = mappingFix(api.kind, spelled(header), `context.authorizer.${CONTEXT_KEY}`);
      const unmapped = mine.filter((operation) => mappingsOf(operation).length === 0);
      const missing = unmapped.slice(0, 1).map(({ integration }) => ({
        place: integration.at.place,
        message: `${routesInWords(unmapped)}: nothing sets ${spelled(header)} from what the authorizer says. ${danger}`,
        fix,
      }));
      const wrong = mine.flatMap((operation) =>
        mappingsOf(operation).flatMap((mapping) => {
          const from = mapping.action === 'remove' ? undefined : wrongSource(project, operation, mapping);
          if (from === undefined) return [];
          return [
            {
              place: mapping.at.place,
              message: `${routesInWords([operation])}: ${spelled(header)} is set ${from}. ${danger}`,
              fix,
            },
          ];
        }),
      );
      return [...missing, ...wrong];
    });
  },
};
