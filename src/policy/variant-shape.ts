import { oneOf, step, type Shape } from './shape';

/** An object that is one of several kinds; which one is said by the member `name`, which each kind has. */
export function variantOf(description: string, name: string, variants: Readonly<Record<string, Shape>>): Shape {
  const names = oneOf(description, Object.keys(variants));
  return {
    schema: { description, anyOf: Object.values(variants).map((variant) => variant.schema) },
    check(value, pointer, problems) {
      if (typeof value !== 'object' || value === null || Array.isArray(value)) {
        problems.push({ pointer, message: 'must be an object' });
        return;
      }
      const named = (value as Readonly<Record<string, unknown>>)[name];
      const variant = typeof named === 'string' && Object.hasOwn(variants, named) ? variants[named] : undefined;
      if (variant !== undefined) variant.check(value, pointer, problems);
      else if (named === undefined) problems.push({ pointer: step(pointer, name), message: 'is missing' });
      else names.check(named, step(pointer, name), problems);
    },
  };
}
