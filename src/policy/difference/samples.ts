import type { PolicyDocument } from '../document';
import { inEither, type Pair } from './change';

/** Stands for all requests that no entry of either file lists. */
export const UNLISTED = '(every other route)';

/** A request path that stands for all of its kind. */
export interface Sample {
  /** The template that it was made from. */
  readonly name: string;
  readonly path: string;
  /** The templates that both match it, where it is in neither of them alone: `/a/b` of `/a/{x}` and `/{y}/b`. */
  readonly crosses: readonly string[];
}

const isGreedy = (part: string | undefined): boolean => part?.endsWith('+}') === true;
const isParameter = (part: string): boolean => part.startsWith('{');

/** The segments of what both templates match; undefined where that is nothing. */
function overlap([a, ...restA]: readonly string[], [b, ...restB]: readonly string[]): string[] | undefined {
  if (a === undefined || b === undefined) return a === b ? [] : undefined;
  if (isGreedy(a)) return [b, ...restB];
  if (isGreedy(b)) return [a, ...restA];
  if (!isParameter(a) && !isParameter(b) && a.toLowerCase() !== b.toLowerCase()) return undefined;
  const rest = overlap(restA, restB);
  return rest && [isParameter(a) ? b : a, ...rest];
}

const segmentsOf = (path: string): string[] => path.split('/').filter((part) => part !== '');

/**
 * A path for each template of either file that no fixed text matches, so that the most general request of a template is
 * the one that is compared; and one for what two templates share and neither is: when one of them goes, such requests
 * fall to the other.
 */
export function samplePaths(documents: Pair<PolicyDocument>): Sample[] {
  const templates = inEither(documents, ({ routes = [] }) => routes.map(({ path }) => path));
  let filler = 'x';
  while (templates.some((path) => path.toLowerCase().split('/').includes(filler))) filler += '~';
  const deepest = Math.max(1, ...templates.map((path) => path.split('/').length));
  const deep = Array.from({ length: deepest }, () => filler).join('/');
  const samples = new Map<string, Sample>();
  const add = (name: string, crosses: readonly string[]): void => {
    const path = name.replace(/\{\w+\+\}/g, deep).replace(/\{\w+\}/g, filler);
    // Letter case and a slash at the end do not count: such templates are one.
    const key = path.toLowerCase().replace(/(?<=.)\/$/, '');
    if (!samples.has(key)) samples.set(key, { name, path: key, crosses });
  };
  for (const path of templates) add(path, []);
  templates.forEach((one, index) => {
    for (const other of templates.slice(index + 1)) {
      const shared = overlap(segmentsOf(one), segmentsOf(other));
      if (shared !== undefined) add(`/${shared.join('/')}`, [one, other]);
    }
  });
  return [...samples.values(), { name: UNLISTED, path: `/${deep}/${filler}`, crosses: [] }];
}
