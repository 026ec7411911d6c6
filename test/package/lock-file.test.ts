import { readFileSync } from 'node:fs';
import path from 'node:path';
import { root } from './project';

interface Locked {
  readonly version?: string;
  readonly resolved?: string;
  readonly optionalDependencies?: Record<string, string>;
}

const text = readFileSync(path.join(root, 'package-lock.json'), 'utf8');
const { packages } = JSON.parse(text) as { packages: Record<string, Locked> };

/** Whether `name`, asked for from the package at `place`, is locked: beside it or in a folder further up. */
function isLocked(place: string, name: string): boolean {
  const folders = place
    .split('/node_modules/')
    .map((_, depth, parts) => parts.slice(0, depth + 1).join('/node_modules/'));
  return [...folders, ''].some((folder) => path.posix.join(folder, 'node_modules', name) in packages);
}

describe('package-lock.json', () => {
  it('names no package host: it is the same behind any mirror', () => {
    expect(Object.keys(packages).length).toBeGreaterThan(100);
    expect(Object.values(packages).filter((locked) => locked.resolved !== undefined)).toEqual([]);
  });

  // A registry that lags behind for one platform makes npm leave that package out in silence, and then `npm ci` refuses
  // the lock file on every machine: @swc/core 1.16.22 had no Windows or macOS binary yet.
  it('is whole: what is optional is locked for every platform', () => {
    const missing = Object.entries(packages).flatMap(([place, locked]) =>
      Object.keys(locked.optionalDependencies ?? {}).filter((name) => !isLocked(place, name)),
    );
    expect(missing).toEqual([]);
  });
});
