import { existsSync } from 'node:fs';
import path from 'node:path';

const installed = path.join(__dirname, '..', '..', 'bench', 'node_modules', 'node', 'bin', 'node');
const isRequired = process.env.BATON_REQUIRE_ALL === '1';

/** A Node that has SQLite: named by `BATON_NODE_24`, or the one that the benchmark installs. */
export const NODE_24 = process.env.BATON_NODE_24 ?? (existsSync(installed) ? installed : undefined);

/** An `it` for what needs it: left out, and said so, where there is none; with `BATON_REQUIRE_ALL=1` it fails there. */
export const itWithNode24: jest.It = NODE_24 !== undefined || isRequired ? it : it.skip;
if (NODE_24 === undefined && !isRequired) {
  console.warn(
    'Left out: tests on Node 24. They need BATON_NODE_24, or the package "node" of bench (npm ci --prefix bench).',
  );
}
