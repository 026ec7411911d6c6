import { createHash } from 'node:crypto';

/** JSON with members in code-point order and no white space, so that layout and line ends do not count. */
function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const members = Object.entries(value)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, item]) => `${JSON.stringify(name)}:${canonicalJson(item)}`);
  return `{${members.join(',')}}`;
}

/**
 * The digest of a policy document as it stands in the file, before `${NAME}`s are filled: the same policy has the same
 * digest in each environment, whatever its white space (Git turns line ends on Windows).
 */
export function policyDigest(document: unknown): string {
  return `sha256-${createHash('sha256').update(canonicalJson(document)).digest('base64url')}`;
}
