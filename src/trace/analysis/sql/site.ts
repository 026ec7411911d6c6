/**
 * The site of IIS that a log is of, by its folder (W3SVC2), and empty where no folder says it. Sites of one server have
 * fields and apps of their own, so that one is never held against the other.
 */
export function siteSql(path: string): string {
  return `coalesce(regexp_extract(upper(${path}), 'W3SVC[0-9]+', 0), '')`;
}
