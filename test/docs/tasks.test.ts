import { rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { explain } from '../../src/cli/policy/explain';
import { ERROR_TABLE } from '../../src/core/error-codes';
import { RULES } from '../../src/doctor/rules';
import { createEdge } from '../../src/identity/edge';
import { compilePolicy } from '../../src/policy/policy';
import { codeOf } from '../support/errors';
import { temporaryFolder } from '../support/example';
import { invoicesDocument } from '../support/invoices';
import { block, codeIn, environmentFor, proseOf, rowsOf, sectionsOf } from './markdown';

const AGENTS = 'docs/agents.md';
const GATEWAY = 'docs/api-gateway.md';
const WINDOWS = 'docs/windows-sign-in.md';

let folder: string;
let said: string[];
beforeEach(() => {
  folder = temporaryFolder();
  said = [];
  jest.spyOn(console, 'log').mockImplementation((text: string) => void said.push(text));
});
afterEach(() => {
  jest.restoreAllMocks();
  rmSync(folder, { recursive: true });
  process.exitCode = undefined;
});

/** What `npx baton policy explain …` prints for that policy. */
function printedBy(command: string, policy: object): string {
  const policyFile = path.join(folder, 'baton.policy.json');
  const envFile = path.join(folder, 'app.env');
  const text = JSON.stringify(policy);
  writeFileSync(policyFile, text);
  writeFileSync(
    envFile,
    Object.entries(environmentFor(text))
      .map(([name, value]) => `${name}=${value}\n`)
      .join(''),
  );
  const words = [...command.matchAll(/'([^']*)'|(\S+)/g)].map(([, quoted, word]) => quoted ?? word!);
  expect(words.slice(0, 5)).toEqual(['$', 'npx', 'baton', 'policy', 'explain']);
  explain([
    ...words.slice(5).map((word) => (word === 'baton.policy.json' ? policyFile : word)),
    ...['--env-file', envFile],
  ]);
  return said.join('\n');
}

it.each<[string, () => object]>([
  [AGENTS, () => ({ ...invoicesDocument, ...(JSON.parse(block(AGENTS, 'json', 'policy-part')) as object) })],
  [WINDOWS, () => JSON.parse(block(WINDOWS, 'json', 'policy')) as object],
])('%s shows what baton policy explain prints', (page, policy) => {
  const [command = '', ...output] = block(page, 'text', 'explain').split('\n');
  expect(output.join('\n')).toBe(printedBy(command, policy()));
});

it(`${WINDOWS} says what the accounts of its table get`, async () => {
  const policy = compilePolicy(JSON.parse(block(WINDOWS, 'json', 'policy')));
  const edge = createEdge(policy, { windows: { promotedVariable: 'LOGON_USER', clientCopiesDenied: true } });
  const rows = rowsOf(sectionsOf(WINDOWS).get('What the app sees')!).map((row) => row.map(codeIn));
  const accounts = rows.flatMap(([names, subjects]) =>
    subjects![0] === undefined ? [] : names!.map((name) => [name, subjects![0]]),
  );
  expect(accounts.length).toBe(3);
  for (const [name, subject] of accounts) {
    const caller = await edge.verify(['Host', 'app', 'X-iisnode-LOGON_USER', name!]);
    expect(caller?.identity.subject).toBe(subject);
    const { allowed } = policy.decideRoute({ method: 'GET', path: '/invoices/7' }, caller!.identity);
    expect(allowed).toBe(subject !== 'windows:CORP\\eve');
  }
  const copied = ['X-iisnode-LOGON_USER', 'CORP\\ada', 'Accept', '*/*'];
  expect(await codeOf(async () => edge.verify(copied))).toBe('identity_header_invalid');
});

describe(GATEWAY, () => {
  const rows = rowsOf(sectionsOf(GATEWAY).get('When it does not work')!);
  const faults = rowsOf(sectionsOf('docs/errors.md').get('token_invalid')!).flatMap(([reason]) => codeIn(reason!));
  const isRule = (name: string): boolean => RULES.some(({ code }) => code === name);

  it('names codes and rules that there are', () => {
    const named = rows.flatMap(([seen, , by]) => [
      ...codeIn(seen!).filter((name) => name.includes('_')),
      ...codeIn(by!).filter((name) => name.includes('-')),
    ]);
    expect(named.length).toBeGreaterThan(8);
    const known = (name: string): boolean => isRule(name) || Object.hasOwn(ERROR_TABLE, name) || faults.includes(name);
    expect(named.filter((name) => !known(name))).toEqual([]);
  });

  it('gives the authorizer the same cache time as its text', () => {
    expect(block(GATEWAY, 'js')).toContain('cacheTtlSeconds: 300');
    expect(proseOf(GATEWAY)).toContain('up to 300 seconds');
  });
});
