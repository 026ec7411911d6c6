import type { PolicyDocument } from '../document';
import type { RightChange } from './change';
import { functionChanges, permissionChanges, roleChanges } from './permissions';
import { narrowingChanges, routeChanges, type NarrowingChange } from './routes';
import { settingChanges, type SettingChange } from './settings';

/** What is different between two policies. */
export interface PolicyDifference {
  readonly rights: readonly RightChange[];
  readonly narrowings: readonly NarrowingChange[];
  readonly settings: readonly SettingChange[];
}

/**
 * Who gains and who loses what from one policy to the next: routes and functions for each role alone, permissions of
 * roles and actors, members of both; and what else decides who a caller is. Roles that are held together can give and deny more than each alone.
 *
 * @param before a compiled policy's `document`
 * @param after another one's
 */
export function differenceOf(before: PolicyDocument, after: PolicyDocument): PolicyDifference {
  const documents = [before, after] as const;
  return {
    rights: [
      ...roleChanges(documents),
      ...permissionChanges(documents),
      ...routeChanges(documents),
      ...functionChanges(documents),
    ],
    narrowings: narrowingChanges(documents),
    settings: settingChanges(documents),
  };
}
