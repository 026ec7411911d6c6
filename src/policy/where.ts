import type { Problem } from '../core/errors';
import type { Identity } from '../core/identity';
import type { IdentityField, RouteDocument, WhereDocument } from './document';
import { step } from './shape';

/** One path parameter that must equal something that the token says of its caller. */
export interface ResourceRule {
  /** Where the parameter stands in the path, counted in segments. */
  readonly position: number;
  readonly field: IdentityField;
  readonly prefix: string;
}

const FIELDS: Readonly<Record<IdentityField, (identity: Identity) => string | undefined>> = {
  '/subject': ({ subject }) => subject,
  '/tenant': ({ tenant }) => tenant,
  '/actor/subject': ({ actor }) => actor?.subject,
};

const positionsOf = (path: string, name: string): number[] =>
  path
    .slice(1)
    .split('/')
    .flatMap((part, position) => (part === `{${name}}` ? [position] : []));

/**
 * Finds the parameters of `where` in the path. One that stands in it twice, or takes several segments, has no single
 * value to compare.
 */
export function compileWhere({ path, where }: RouteDocument, pointer: string, problems: Problem[]): ResourceRule[] {
  return Object.entries(where ?? {}).flatMap(([name, what]: [string, WhereDocument]) => {
    const [position, ...more] = positionsOf(path, name);
    if (position === undefined || more.length > 0) {
      const message = `must name a parameter that stands once in the path: there is ${more.length > 0 ? 'more than one' : 'no'} {${name}}`;
      problems.push({ pointer: step(step(pointer, 'where'), name), message });
      return [];
    }
    const { field, prefix = '' } = typeof what === 'string' ? { field: what } : what;
    return [{ position, field, prefix }];
  });
}

/** As Express decodes a parameter; what it answers with 400 equals nothing. */
function decoded(part: string): string | undefined {
  try {
    return decodeURIComponent(part);
  } catch {
    return undefined;
  }
}

/**
 * Whether the parameter equals the field, to the letter. A field that the token lacks equals nothing.
 * @param parts the path's segments as they came, in their own letter case
 */
export function satisfiesWhere(
  { position, field, prefix }: ResourceRule,
  identity: Identity,
  parts: readonly string[],
): boolean {
  const asked = decoded(parts[position] ?? '');
  return asked !== undefined && asked !== '' && `${prefix}${asked}` === FIELDS[field](identity);
}
