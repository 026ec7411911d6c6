import type { JsonSchema } from './shape';

/**
 * The schema with its shared parts under `$defs`, each written once and referred to elsewhere. A part is known by being
 * the very same object: what merely looks alike can say something else tomorrow.
 *
 * @param definitions the parts by the name that they get, with everything that they say, descriptions too
 *
 * @see https://json-schema.org/draft/2020-12/json-schema-core section 8.2.4
 */
export function withDefinitions(schema: JsonSchema, definitions: Readonly<Record<string, JsonSchema>>): JsonSchema {
  const names = new Map<unknown, string>(Object.entries(definitions).map(([name, part]) => [part, name]));
  const referred = (value: unknown): unknown => {
    const name = names.get(value);
    return name === undefined ? inside(value) : { $ref: `#/$defs/${name}` };
  };
  const inside = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(referred);
    return typeof value === 'object' && value !== null ? membersOf(value) : value;
  };
  const membersOf = (value: object): Record<string, unknown> =>
    Object.fromEntries(Object.entries(value).map(([name, item]) => [name, referred(item)]));
  // A part is written out where it is defined, and referred to inside of the others.
  const $defs = Object.fromEntries(Object.entries(definitions).map(([name, part]) => [name, membersOf(part)]));
  return { ...membersOf(schema), $defs };
}
