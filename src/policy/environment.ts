import type { Problem } from '../core/errors';
import { step } from './shape';

/** Environment variables by name. */
export type Environment = Readonly<Record<string, string | undefined>>;

const PLACEHOLDER = /\$\{([A-Za-z_][A-Za-z0-9_]*)\}/g;

/**
 * The document with each `${NAME}` in its strings filled from the environment. A name that is not set, or is empty, is a
 * problem: what an issuer or a key URL would silently become without it is an open door.
 */
export function fillFromEnvironment(value: unknown, env: Environment, problems: Problem[], pointer = ''): unknown {
  if (typeof value === 'string') {
    // A misspelt one would stay as it stands, and a member by that text would be nobody.
    if (value.replace(PLACEHOLDER, '').includes('${')) {
      const message = 'holds "${" without the name of a variable: letters, digits and "_", then "}"';
      problems.push({ pointer, message });
    }
    return value.replace(PLACEHOLDER, (_, name: string) => {
      // Own members only: `${constructor}` is no variable that is set.
      const filled = Object.hasOwn(env, name) ? env[name] : undefined;
      if (filled === undefined || filled === '') {
        problems.push({ pointer, message: `the environment variable ${name} is not set` });
        return '';
      }
      return filled;
    });
  }
  if (Array.isArray(value)) {
    return value.map((item, index) => fillFromEnvironment(item, env, problems, step(pointer, index)));
  }
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, item]) => [name, fillFromEnvironment(item, env, problems, step(pointer, name))]),
  );
}
