/**
 * The path with IDs replaced, for requests whose route no gateway tells: UUIDs, ULIDs, long hex, numbers and dates become
 * `{id}`. A word boundary ends each, so that `/123.pdf` is one and `/123abc` is none.
 */
function pathTemplateSql(path: string): string {
  const uuid = '[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}';
  const ulid = '[0-7][0-9A-HJKMNP-TV-Z]{25}';
  const hex = '[0-9a-fA-F]{16,}';
  const numbers = '[0-9]+(?:-[0-9]+)*';
  return `regexp_replace(${path}, '/(?:${uuid}|${ulid}|${hex}|${numbers})\\b', '/{id}')`;
}

/** Method and route of a request: the gateway's word, else the path with IDs replaced; null where neither is known. */
export function routeSql(route: string, method: string, path: string): string {
  return `CASE WHEN ${route} IS NOT NULL THEN ${route} WHEN ${path} IS NOT NULL THEN ${method} || ' ' || ${pathTemplateSql(path)} END`;
}
