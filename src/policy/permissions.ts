/** A permission that can be asked for: `invoice:read`. Wildcards are for grants only. */
export const PERMISSION_ASKED = /^[A-Za-z][A-Za-z0-9_.-]*(:[A-Za-z0-9_.-]+)*$/;

/** Whether `grant` covers `permission`: equal, or a wildcard such as `invoice:*` over `invoice:read`. */
export function covers(grant: string, permission: string): boolean {
  return grant.endsWith(':*') ? permission.startsWith(grant.slice(0, -1)) : grant === permission;
}

/** Whether one of `grants` covers `permission`. */
export function anyCovers(grants: Iterable<string>, permission: string): boolean {
  for (const grant of grants) if (covers(grant, permission)) return true;
  return false;
}
