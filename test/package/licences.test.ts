import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { root } from './project';

interface Manifest {
  readonly name: string;
  readonly license?: string;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

/** Licences that ask no more of a user than to keep the notice. */
const PERMISSIVE = ['0BSD', 'Apache-2.0', 'BSD-2-Clause', 'BSD-3-Clause', 'BlueOak-1.0.0', 'ISC', 'MIT'];

const manifestIn = (folder: string): Manifest =>
  JSON.parse(readFileSync(path.join(folder, 'package.json'), 'utf8')) as Manifest;

/** The folder of a package as Node finds it from another one. */
function folderOf(name: string, from: string): string | undefined {
  for (let folder = from; ; folder = path.dirname(folder)) {
    const found = path.join(folder, 'node_modules', name);
    if (existsSync(path.join(found, 'package.json'))) return found;
    if (folder === path.dirname(folder)) return undefined;
  }
}

/** Everything that comes with `npm install iis-baton`, by folder. */
function installed(): ReadonlyMap<string, Manifest> {
  const found = new Map<string, Manifest>();
  const visit = (folder: string): void => {
    const { dependencies = {}, optionalDependencies = {} } = manifestIn(folder);
    for (const name of Object.keys({ ...dependencies, ...optionalDependencies })) {
      const place = folderOf(name, folder);
      // What is optional may be for another platform.
      if (place === undefined && name in optionalDependencies) continue;
      if (place === undefined) throw new Error(`${name}, which ${folder} needs, is not installed.`);
      if (found.has(place)) continue;
      found.set(place, manifestIn(place));
      visit(place);
    }
  };
  visit(root);
  return found;
}

describe('what comes with the package', () => {
  const packages = [...installed().values()];

  it('is little: less than 40 packages', () => {
    expect(packages.length).toBeGreaterThan(5);
    expect(packages.length).toBeLessThan(40);
  });

  it('has licences that only ask to be named', () => {
    const others = packages.filter(({ license }) => !PERMISSIVE.includes(license ?? 'none'));
    expect(others.map(({ name, license }) => `${name}: ${license}`)).toEqual([]);
  });

  it('brings no script that runs on installation', () => {
    const lock = JSON.parse(readFileSync(path.join(root, 'package-lock.json'), 'utf8')) as {
      packages: Record<
        string,
        { readonly hasInstallScript?: boolean; readonly dev?: boolean; readonly peer?: boolean }
      >;
    };
    const scripts = Object.entries(lock.packages).filter(
      ([place, { hasInstallScript, dev, peer }]) => place !== '' && hasInstallScript && !dev && !peer,
    );
    expect(scripts.map(([place]) => place)).toEqual([]);
  });
});
