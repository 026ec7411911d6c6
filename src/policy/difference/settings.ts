import type { PolicyDocument } from '../document';
import { step } from '../shape';
import type { Pair } from './change';

/** A setting that says whose tokens count, or where calls go, and is another one. */
export interface SettingChange {
  /** RFC 6901 JSON pointer into the files. */
  readonly pointer: string;
  /** Absent where the file does not have it. */
  readonly before?: unknown;
  readonly after?: unknown;
}

/** What is told as rights, of those who gain and lose them. All the rest is a setting: a new member is never forgotten. */
const RIGHTS = [
  /^\/(?:\$schema|unlistedRoutes|routes)(?:\/|$)/,
  /^\/roles\/[^/]+\/(?:members|inherits|permissions|deny)$/,
  /^\/actors\/[^/]+\/(?:members|permissions|deny|roles)$/,
  /^\/(?:functions|workflows)\/[^/]+\/permission$/,
  /^\/workflows\/[^/]+\/approvals\/[^/]+\/permission$/,
];

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Lists whose order says nothing: a set of audiences is the same set in another order. */
const inOrder = (value: unknown): unknown =>
  Array.isArray(value) && value.every((item) => typeof item === 'string') ? [...value].sort() : value;

function changesAt(pointer: string, before: unknown, after: unknown): SettingChange[] {
  // What is new or gone is told member by member too, so that its rights are left out.
  if (isObject(before ?? after) && isObject(after ?? before)) {
    const names = [...new Set([before, after].flatMap((one) => (isObject(one) ? Object.keys(one) : [])))];
    const member = (of: unknown, name: string): unknown =>
      isObject(of) && Object.hasOwn(of, name) ? of[name] : undefined;
    return names.flatMap((name) => changesAt(step(pointer, name), member(before, name), member(after, name)));
  }
  if (JSON.stringify(inOrder(before)) === JSON.stringify(inOrder(after))) return [];
  return [{ pointer, ...(before !== undefined && { before }), ...(after !== undefined && { after }) }];
}

/**
 * The settings that differ: whoever is believed decides who has which role, so that a new issuer or key can give more than
 * any rule does.
 */
export function settingChanges([before, after]: Pair<PolicyDocument>): SettingChange[] {
  return changesAt('', before, after).filter(({ pointer }) => !RIGHTS.some((rights) => rights.test(pointer)));
}
