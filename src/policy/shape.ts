import type { Problem } from '../core/errors';
import { unknownName } from '../core/options';

/** JSON Schema (draft 2020-12) as plain data. */
export type JsonSchema = Readonly<Record<string, unknown>>;

/**
 * What a value must look like: one description that both checks a document and is published as JSON Schema, so that an
 * editor and the app cannot disagree.
 */
export interface Shape {
  readonly schema: JsonSchema;
  check(value: unknown, pointer: string, problems: Problem[]): void;
}

/** One step further down a JSON pointer (RFC 6901, section 3). */
export function step(pointer: string, member: string | number): string {
  return `${pointer}/${String(member).replaceAll('~', '~0').replaceAll('/', '~1')}`;
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** What the published schema lets stand for any text: an editor sees the file before `${NAME}`s are filled. */
const PLACEHOLDER = '\\$\\{[A-Za-z_][A-Za-z0-9_]*\\}';

/** A non-empty string. `hint` says in words what `pattern` wants. */
export function text(description: string, { pattern, hint }: { pattern?: RegExp; hint?: string } = {}): Shape {
  return {
    schema: {
      type: 'string',
      description,
      minLength: 1,
      ...(pattern && { pattern: `(${pattern.source})|${PLACEHOLDER}` }),
    },
    check(value, pointer, problems) {
      if (typeof value !== 'string' || value === '') problems.push({ pointer, message: 'must be a non-empty string' });
      else if (pattern && !pattern.test(value))
        problems.push({ pointer, message: `must be ${hint ?? pattern.source}` });
    },
  };
}

/** A whole number within bounds. */
export function wholeNumber(description: string, minimum: number, maximum: number): Shape {
  return {
    schema: { type: 'integer', description, minimum, maximum },
    check(value, pointer, problems) {
      if (!Number.isInteger(value) || (value as number) < minimum || (value as number) > maximum) {
        problems.push({ pointer, message: `must be a whole number from ${minimum} to ${maximum}` });
      }
    },
  };
}

/** One of a few fixed values. */
export function oneOf(description: string, values: readonly (string | boolean)[]): Shape {
  return {
    schema: { enum: values, description },
    check(value, pointer, problems) {
      if (!values.includes(value as string)) {
        problems.push({ pointer, message: `must be ${values.map((item) => JSON.stringify(item)).join(' or ')}` });
      }
    },
  };
}

/** A list with at least `minItems` members. */
export function listOf(item: Shape, description: string, minItems = 0): Shape {
  return {
    schema: { type: 'array', description, items: item.schema, minItems },
    check(value, pointer, problems) {
      if (!Array.isArray(value)) problems.push({ pointer, message: 'must be a list' });
      else if (value.length < minItems) problems.push({ pointer, message: `must have at least ${minItems} member(s)` });
      else
        value.forEach((member, index) => {
          item.check(member, step(pointer, index), problems);
        });
    },
  };
}

/** One value, or a list of such values. */
export function oneOrMore(item: Shape, description: string): Shape {
  const list = listOf(item, description, 1);
  return {
    schema: { description, anyOf: [item.schema, list.schema] },
    check(value, pointer, problems) {
      (Array.isArray(value) ? list : item).check(value, pointer, problems);
    },
  };
}

/** An object whose members all have the same shape; `names` is what a member may be called, `hint` the same in words. */
export function mapOf(member: Shape, description: string, names: RegExp, hint?: string): Shape {
  return {
    schema: {
      type: 'object',
      description,
      propertyNames: { pattern: names.source },
      additionalProperties: member.schema,
    },
    check(value, pointer, problems) {
      if (!isObject(value)) {
        problems.push({ pointer, message: 'must be an object' });
        return;
      }
      for (const [name, item] of Object.entries(value)) {
        if (!names.test(name)) {
          problems.push({
            pointer: step(pointer, name),
            message: `is no usable name: must be ${hint ?? names.source}`,
          });
        }
        member.check(item, step(pointer, name), problems);
      }
    },
  };
}

/** An object with known members; an unknown one is a problem, because a misspelt rule is an open door. */
export function objectOf(
  description: string,
  {
    required = {},
    optional = {},
    atLeastOne = false,
  }: { required?: Record<string, Shape>; optional?: Record<string, Shape>; atLeastOne?: boolean },
): Shape {
  const members = { ...required, ...optional };
  const schemas = Object.fromEntries(Object.entries(members).map(([name, shape]) => [name, shape.schema]));
  return {
    schema: {
      type: 'object',
      description,
      properties: schemas,
      required: Object.keys(required),
      additionalProperties: false,
      ...(atLeastOne && { minProperties: 1 }),
    },
    check(value, pointer, problems) {
      if (!isObject(value)) {
        problems.push({ pointer, message: 'must be an object' });
        return;
      }
      if (atLeastOne && Object.keys(value).length === 0)
        problems.push({ pointer, message: `must have ${Object.keys(members).join(' or ')}` });
      for (const name of Object.keys(required)) {
        if (!Object.hasOwn(value, name)) problems.push({ pointer: step(pointer, name), message: 'is missing' });
      }
      for (const [name, item] of Object.entries(value)) {
        const shape = Object.hasOwn(members, name) ? members[name] : undefined;
        if (shape) shape.check(item, step(pointer, name), problems);
        else problems.push({ pointer: step(pointer, name), message: unknownName(name, Object.keys(members)) });
      }
    },
  };
}

/** A plain value, or an object that says more. */
export function eitherOf(description: string, [plain, object]: readonly [Shape, Shape]): Shape {
  return {
    schema: { description, anyOf: [plain.schema, object.schema] },
    check(value, pointer, problems) {
      (isObject(value) ? object : plain).check(value, pointer, problems);
    },
  };
}

/** An object that is one of several kinds; which one is told by the member that only this kind has. */
export function kindOf(description: string, kinds: Readonly<Record<string, Shape>>): Shape {
  const names = Object.keys(kinds);
  return {
    schema: { description, anyOf: Object.values(kinds).map((kind) => kind.schema) },
    check(value, pointer, problems) {
      const kind = isObject(value) ? names.find((name) => Object.hasOwn(value, name)) : undefined;
      if (kind === undefined) problems.push({ pointer, message: `must be an object with ${names.join(' or ')}` });
      else kinds[kind]?.check(value, pointer, problems);
    },
  };
}
