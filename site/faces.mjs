// The subpaths of the package: each file directly in src is one.
import { readdirSync } from 'node:fs';
import path from 'node:path';

export const facesOf = (root) =>
  readdirSync(path.join(root, 'src'))
    .filter((name) => name.endsWith('.ts'))
    .map((name) => name.slice(0, -3))
    .sort();

export const titleOfFace = (face) => (face === 'index' ? 'iis-baton' : `iis-baton/${face}`);

/** The main subpath has no name of its own, and `index` is the page that lists them. */
export const pageOfFace = (face) => (face === 'index' ? 'iis-baton' : face);
