/** Whether `grant` covers `permission`: equal, or a wildcard such as `invoice:*` over `invoice:read`. */
export function covers(grant: string, permission: string): boolean {
  return grant.endsWith(':*') ? permission.startsWith(grant.slice(0, -1)) : grant === permission;
}

/** Whether one of `grants` covers `permission`. */
export function anyCovers(grants: Iterable<string>, permission: string): boolean {
  for (const grant of grants) if (covers(grant, permission)) return true;
  return false;
}
