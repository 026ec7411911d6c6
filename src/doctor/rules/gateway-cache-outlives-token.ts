import { maxLifetimeOf } from '../../identity/profiles/txn-token';
import type { Place, Report } from '../finding';
import type { Rule } from '../rule';
import { usedAuthorizers, type UsedAuthorizer } from '../gateway-authorizers';
import { authorizerScript } from '../gateway-function';
import type { Project } from '../project';
import { placeIn } from '../scripts';

/** What createAuthorizer() takes where its code says nothing. */
const DEFAULT_TTL_SECONDS = 300;
/** How much longer than the cache its tokens live. */
const MARGIN_SECONDS = 60;

/** The cache that the function's code reckons with; undefined where the code is not there or says it in another way. */
function reckonedTtl(
  project: Project,
  { authorizer }: UsedAuthorizer,
): { readonly seconds: number; readonly place: Place } | undefined {
  const script = authorizerScript(project, authorizer);
  const call = script && /\bcreateAuthorizer\s*\(/.exec(script.code);
  if (script === undefined || !call) return undefined;
  const said = /\bcacheTtlSeconds\b\s*:?\s*([\d_]+)?/.exec(script.code);
  if (said === null) return { seconds: DEFAULT_TTL_SECONDS, place: placeIn(script, call.index) };
  if (said[1] === undefined) return undefined;
  return { seconds: Number(said[1].replaceAll('_', '')), place: placeIn(script, said.index) };
}

export const gatewayCacheOutlivesToken: Rule = {
  code: 'gateway-cache-outlives-token',
  severity: 'error',
  title: 'Tokens end while the gateway still sends them',
  check(project) {
    const edge = project.policy?.document?.edge;
    return usedAuthorizers(project).flatMap((used): Report[] => {
      const { name, ttlSeconds, ttlAt } = used.authorizer;
      if (ttlSeconds === undefined) return [];
      const longest = edge?.profile === 'txn-token' ? maxLifetimeOf(edge) : Infinity;
      const single = edge?.profile === 'txn-token' && (edge.replay !== undefined || edge.bind !== undefined);
      if (ttlSeconds > 0 && !single && ttlSeconds + MARGIN_SECONDS > longest) {
        return [
          {
            place: ttlAt.place,
            message: `${name} keeps results for ${ttlSeconds} s, so its tokens must live ${ttlSeconds + MARGIN_SECONDS} s, and the app takes none that lives longer than ${longest} s: the authorizer does not start, or callers get 401 until the cache is empty.`,
            fix: `"authorizerResultTtlInSeconds": ${Math.max(0, longest - MARGIN_SECONDS)}, or a higher /edge/maxLifetimeSeconds in the policy`,
          },
        ];
      }
      const reckoned = reckonedTtl(project, used);
      if (reckoned === undefined || reckoned.seconds === ttlSeconds) return [];
      const short = reckoned.seconds < ttlSeconds;
      return [
        {
          place: reckoned.place,
          severity: short ? 'error' : 'info',
          message: short
            ? `The function reckons with a cache of ${reckoned.seconds} s, but ${name} keeps results for ${ttlSeconds} s: tokens end after ${reckoned.seconds + MARGIN_SECONDS} s, and their callers get 401 until the cache forgets them.`
            : `The function reckons with a cache of ${reckoned.seconds} s, but ${name} keeps results for ${ttlSeconds} s: a stolen token lives longer than it has to.`,
          fix: `createAuthorizer({ cacheTtlSeconds: ${ttlSeconds} })`,
        },
      ];
    });
  },
};
