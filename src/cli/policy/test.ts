import { nowSeconds, systemClock } from '../../core/clock';
import { readExpectations, testPolicy, type ExpectationResult } from '../../policy/expectations';
import { loadPolicy } from '../../policy/load';
import { readArguments } from '../arguments';
import { environmentOf, print, readJson } from './files';

const USAGE = `Usage: baton policy test <file> <table> [--env-file file] [--json]

Holds a policy file against a table of expectations:

  {
    "callers": { "clerk": { "roles": ["clerk"] }, "nobody": "anonymous" },
    "expectations": [
      { "caller": "clerk", "request": "GET /invoices/7", "outcome": "allowed" },
      { "caller": ["clerk", "nobody"], "request": "POST /invoices/7/approve", "outcome": "denied" }
    ]
  }

  --env-file  fills \${NAME}s from this file (NAME=value lines), and not from the environment
  --json      data for machines: { passed, failed, results, untestedRoutes }

Exit code: 0 all as expected, 1 not, 2 wrong usage.`;

const OPTIONS = {
  'env-file': { type: 'string' },
  json: { type: 'boolean', default: false },
} as const;

function failureLines({ pointer, caller, asked, expected, decision }: ExpectationResult): string[] {
  const said = (outcome: string, reason?: string, rule?: string): string =>
    [outcome, reason, rule && `by ${rule}`].filter((word) => word !== undefined && word !== '').join(', ');
  const { allowed, reason, rule } = decision;
  return [
    `FAILED ${pointer}: ${caller}, ${asked}`,
    `  expected ${said(expected.outcome, expected.reason, expected.rule)}`,
    `  the policy says ${said(allowed ? 'allowed' : 'denied', reason, rule)}`,
  ];
}

/** `baton policy test`: a policy against a table of expectations. */
export function test(args: readonly string[]): void {
  const parsed = readArguments(args, { usage: USAGE, options: OPTIONS, positionals: ['file', 'table'] });
  if (parsed === undefined) return;
  const { file, table } = parsed.positionals;
  const policy = loadPolicy(file, environmentOf(parsed.values['env-file']));
  const expectations = readExpectations(readJson(table), policy, table);
  const { results, untestedRoutes } = testPolicy(policy, expectations, nowSeconds(systemClock));
  const failures = results.filter(({ passed }) => !passed);
  const [passed, failed] = [results.length - failures.length, failures.length];
  print(parsed.values.json, { passed, failed, results, untestedRoutes }, [
    ...failures.flatMap(failureLines),
    `${passed} as expected, ${failed} not`,
    ...(untestedRoutes.length > 0 ? [`no expectation is decided by ${untestedRoutes.join(', ')}`] : []),
  ]);
  if (failed > 0) process.exitCode = 1;
}
