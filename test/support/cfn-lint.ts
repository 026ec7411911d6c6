import { spawnSync } from 'node:child_process';

/** The linter of CloudFormation templates; `BATON_CFN_LINT` names one that is not in the path. */
const PROGRAM = process.env.BATON_CFN_LINT ?? 'cfn-lint';
const isInstalled = spawnSync(PROGRAM, ['--version']).status === 0;
const isRequired = process.env.BATON_REQUIRE_ALL === '1';

/** An `it` for what needs cfn-lint: left out, and said so, where there is none; with `BATON_REQUIRE_ALL=1` it fails there. */
export const itWithCfnLint: jest.It = isInstalled || isRequired ? it : it.skip;
if (!isInstalled && !isRequired) {
  console.warn(
    'Left out: tests with cfn-lint. They need it from PyPI (pip install cfn-lint), or its path in BATON_CFN_LINT.',
  );
}

/** What cfn-lint says of templates, a line each; nothing where they are sound. All at once: its start takes a second. */
export function cfnLint(templates: readonly string[]): readonly string[] {
  const { stdout, stderr, error } = spawnSync(PROGRAM, ['--format', 'parseable', ...templates], {
    encoding: 'utf8',
    timeout: 60_000,
  });
  if (error !== undefined)
    throw new Error(`${PROGRAM} cannot be run: ${error.message}. Install it: pip install cfn-lint`);
  return `${stdout}${stderr}`.split('\n').filter((line) => line !== '');
}
