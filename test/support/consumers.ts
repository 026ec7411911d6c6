import { existsSync, readdirSync } from 'node:fs';
import path from 'node:path';

const modules = path.join(__dirname, '..', '..', 'scripts', 'consumers', 'node_modules');
const isInstalled = existsSync(path.join(modules, '.package-lock.json'));
const isRequired = process.env.BATON_REQUIRE_ALL === '1';

/** A `describe` for what needs other people's tools: left out, and said so, where they are not installed. */
export const describeWithConsumers: jest.Describe = isInstalled || isRequired ? describe : describe.skip;
if (!isInstalled && !isRequired) {
  console.warn(
    'Left out: consumers with other versions of Node, Express, Jest, Vitest and TypeScript. They need "npm install --prefix scripts/consumers" (900 MB).',
  );
}

/** Where a package of `scripts/consumers` lies, or a file in it. */
export const consumerPath = (...parts: readonly string[]): string => path.join(modules, ...parts);

/** The names of the packages there that begin so, such as `express-`. */
export function consumerPackages(prefix: string): readonly string[] {
  return isInstalled ? readdirSync(modules).filter((name) => name.startsWith(prefix)) : [];
}

/** The Node of a version that is installed there, for this machine. @throws Error where there is none for it */
export function consumerNode(version: string): string {
  const { platform, arch } = process;
  const folder = consumerPath(`node-${version}-${platform === 'win32' ? 'win' : platform}-${arch}`);
  const program = path.join(folder, 'bin', platform === 'win32' ? 'node.exe' : 'node');
  if (!existsSync(program)) throw new Error(`scripts/consumers has no Node ${version} for ${platform}-${arch}.`);
  return program;
}
