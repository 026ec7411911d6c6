import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { build } from 'esbuild';

const root = path.join(__dirname, '..', '..');

export interface Bundle {
  readonly code: string;
  /** Names of the packages that are in it, Baton aside. */
  readonly packages: readonly string[];
  readonly bytes: number;
}

/** Bundles an entry that imports the built package, as a Lambda is deployed: one minified CommonJS file, no externals. */
export async function bundle(entry: string): Promise<Bundle> {
  const result = await build({
    stdin: { contents: entry, resolveDir: root, loader: 'js' },
    bundle: true,
    minify: true,
    platform: 'node',
    target: 'node20',
    format: 'cjs',
    metafile: true,
    write: false,
    logLevel: 'silent',
  });
  const code = result.outputFiles[0]?.text ?? '';
  return { code, bytes: Buffer.byteLength(code), packages: packagesOf(Object.keys(result.metafile.inputs)) };
}

function packagesOf(inputs: readonly string[]): string[] {
  const names = inputs.map((input) => /.*node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(input)?.[1]);
  return [...new Set(names.filter((name) => name !== undefined))].sort();
}

/**
 * Runs bundled code far from any `node_modules`, as on Lambda; gives what it printed as JSON.
 * @param nodePath where packages are besides: Lambda's runtime has the AWS SDK at hand so
 */
export function runBundle(code: string, nodePath = ''): unknown {
  const directory = mkdtempSync(path.join(os.tmpdir(), 'baton-bundle-'));
  try {
    writeFileSync(path.join(directory, 'index.js'), code);
    const { status, stdout, stderr } = spawnSync(process.execPath, ['index.js'], {
      cwd: directory,
      encoding: 'utf8',
      env: { ...process.env, NODE_OPTIONS: '', NODE_PATH: nodePath },
      timeout: 20_000,
    });
    if (status !== 0) throw new Error(`The bundle ended with ${status}:\n${stderr}`);
    return JSON.parse(stdout) as unknown;
  } finally {
    rmSync(directory, { recursive: true });
  }
}
