import type { Identity } from '../../core/identity';
import type { PolicyDocument } from '../document';
import { supposedIdentity } from '../supposed-caller';

/** Who a change is about. */
export interface ChangedParty {
  readonly kind: 'anonymous' | 'verified' | 'role' | 'actor' | 'member';
  /** The role, the actor, or `provider:value`; empty for the first two. */
  readonly name: string;
}

/** What somebody gains or loses; `approval` is deciding a state, as `<workflow>/<state>`; `deny` is gained by whom something is taken from, `actor` is acting for others as it. */
export interface ChangedRight {
  readonly kind: 'route' | 'function' | 'workflow' | 'approval' | 'permission' | 'role' | 'actor' | 'deny';
  readonly name: string;
}

/** Somebody may do something in one policy and not in the other. */
export interface RightChange {
  readonly change: 'gains' | 'loses';
  readonly who: ChangedParty;
  readonly what: ChangedRight;
}

/** The same thing of both policies. */
export type Pair<T> = readonly [before: T, after: T];

export const mapPair = <T, U>([before, after]: Pair<T>, map: (one: T) => U): Pair<U> => [map(before), map(after)];

/** What either policy names, once each. */
export const inEither = (
  documents: Pair<PolicyDocument>,
  names: (one: PolicyDocument) => readonly string[],
): string[] => [...new Set(documents.flatMap(names))];

export const listOf = (value: string | readonly string[] | undefined): readonly string[] =>
  value === undefined ? [] : typeof value === 'string' ? [value] : value;

/** Gained or lost, where the two sides differ. */
export function changeOf([before, after]: Pair<boolean>): RightChange['change'] | undefined {
  if (before === after) return undefined;
  return after ? 'gains' : 'loses';
}

/** The change as a list: empty where the two sides are alike. */
export function rightChange(who: ChangedParty, what: ChangedRight, sides: Pair<boolean>): RightChange[] {
  const change = changeOf(sides);
  return change === undefined ? [] : [{ change, who, what }];
}

/** Somebody whose rights are compared; without identity, the anonymous caller. */
export interface ComparedCaller {
  readonly who: ChangedParty;
  readonly identity: Identity | undefined;
}

const scopesIn = ({ routes = [] }: PolicyDocument): readonly string[] =>
  routes.flatMap(({ scope, anyScope }) => [...listOf(scope), ...listOf(anyScope)]);

/** The callers that are compared: nobody, somebody without roles, and somebody with each role alone. */
export function comparedCallers(documents: Pair<PolicyDocument>): ComparedCaller[] {
  // With all scopes: that a route asks for another one is a narrowing, and no role's loss.
  const scopes = inEither(documents, scopesIn);
  const identityWith = (roles: readonly string[]): Identity => supposedIdentity({ roles, scopes }, () => [], 0);
  return [
    { who: { kind: 'anonymous', name: '' }, identity: undefined },
    { who: { kind: 'verified', name: '' }, identity: identityWith([]) },
    ...inEither(documents, ({ roles }) => Object.keys(roles)).map((name) => ({
      who: { kind: 'role', name } as const,
      identity: identityWith([name]),
    })),
  ];
}
