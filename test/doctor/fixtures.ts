import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import type { DoctorOptions } from '../../src/doctor/doctor';

const FIXTURES = path.join(__dirname, 'fixtures');

/** A configuration, and what doctor is to say of it. */
export interface Fixture {
  readonly name: string;
  readonly options: DoctorOptions;
  /** `code file:line`, sorted; none for a good one. */
  readonly expected: readonly string[];
}

/**
 * The configurations of a kind. `expected.txt` holds the findings of a bad one, and `options.json` what is special about
 * the call; both are no part of the project that is examined.
 */
export function fixtures(kind: 'bad' | 'good'): readonly Fixture[] {
  return readdirSync(path.join(FIXTURES, kind)).map((name) => {
    const directory = path.join(FIXTURES, kind, name);
    const read = (file: string): string | undefined =>
      existsSync(path.join(directory, file)) ? readFileSync(path.join(directory, file), 'utf8') : undefined;
    const lines = (read('expected.txt') ?? '').split('\n').filter((line) => line.trim() !== '');
    return {
      name,
      options: { directory, environment: {}, ...JSON.parse(read('options.json') ?? '{}') },
      expected: lines.sort(),
    };
  });
}
