import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { evaluatePolicy, readPolicy } from '../../src/local/gateway/iam-policy';
import { relayStsShape } from '../../src/local/relay-sts';
import { readTrustPolicy, trusts } from '../../src/local/sts/trust-policy';
import type { Problem } from '../../src/core/errors';
import { makeIdentity } from '../support/policies';
import { invoicesDocument } from '../support/invoices';
import { compilePolicy } from '../../src/policy/policy';
import { block, blocksOf, codeIn, environmentFor, root, rowsOf, sectionsOf } from './markdown';

const PAGE = 'docs/credentials.md';
const sections = sectionsOf(PAGE);
const folder = path.join(root, 'src', 'credentials');
const sources = readdirSync(folder).map((name) => readFileSync(path.join(folder, name), 'utf8'));

/** Reasons that come with `credentials_unavailable`, which is told elsewhere. */
const ELSEWHERE = ['token_source', 'sts', 'IDPCommunicationError'];

it('lists each reason for a refusal, and no other', () => {
  const given = sources.join('\n').matchAll(/(?:reason: |\brefuse\(\s*|unavailable\(\s*)'(\w+)'/g);
  const reasons = [...new Set([...given].map(([, reason]) => reason!))].filter((reason) => !ELSEWHERE.includes(reason));
  const listed = rowsOf(sections.get('When it is refused') ?? '').flatMap(([cell]) => codeIn(cell!));
  expect(reasons.length).toBeGreaterThan(12);
  expect(listed.filter((reason) => reason !== 'AADSTS…').sort()).toEqual(reasons.sort());
});

it('lists the options', () => {
  const source = readFileSync(path.join(folder, 'web-identity-credentials.ts'), 'utf8');
  const [declared] = /interface WebIdentityCredentialsOptions \{[^]*?\n\}/.exec(source) ?? [''];
  const names = [...declared.matchAll(/readonly (\w+)\??:/g)].map(([, name]) => name!);
  const options = rowsOf(readFileSync(path.join(root, PAGE), 'utf8').split('## Which role')[0]!).map(
    ([name]) => codeIn(name!)[0],
  );
  expect(options).toEqual(names.filter((name) => !['clock', 'wire'].includes(name)));
});

it('has a policy in which the approver’s copilot calls as a clerk', () => {
  const text = block(PAGE, 'json', 'policy-part');
  const policy = compilePolicy({ ...invoicesDocument, ...JSON.parse(text) }, environmentFor(text));
  const target = { kind: 'function', name: 'render-invoice' };
  const roleOf = (roles: string[], actors: string[] = []): string | undefined =>
    policy.decideAwsRole(makeIdentity({ roles, actors }), target).role?.name;
  expect(policy.functions['render-invoice']?.permission).toBe('invoice:read');
  expect([roleOf(['approver']), roleOf(['approver'], ['invoice-copilot'])]).toEqual(['clerk', 'clerk']);
});

describe('its set-up', () => {
  const trust = readTrustPolicy(JSON.parse(block(PAGE, 'json', 'trust')));
  const commands = blocksOf(PAGE)
    .filter(({ language, kind }) => language === 'sh' && kind === 'credentials')
    .map(({ text }) => text)
    .join('\n');

  it('trusts the server’s token, and no other of that API', () => {
    if (typeof trust === 'string') throw new Error(trust);
    // What the commands register: the provider's URL and its audience.
    const issuer = /--url "https:\/\/([^"]+)"/.exec(commands)![1]!.replace('$TENANT', 'TENANT');
    const audience = /--client-id-list "([^"]+)"/.exec(commands)![1]!.replace('$', '');
    const outcome = (sub: string, aud: string): boolean =>
      trusts(trust, ['sts:AssumeRoleWithWebIdentity'], `arn:aws:iam::123456789012:oidc-provider/${issuer}`, {
        [`${issuer}:sub`]: sub,
        [`${issuer}:aud`]: aud,
      });
    expect(outcome('OBJECT-ID-OF-THE-SERVER', audience)).toBe(true);
    expect(outcome('ANOTHER-WORKLOAD', audience)).toBe(false);
    expect(outcome('OBJECT-ID-OF-THE-SERVER', 'api://another')).toBe(false);
  });

  it('lets the role call the function by its alias', () => {
    const policy = readPolicy(JSON.parse(block(PAGE, 'json', 'calls')));
    if (typeof policy === 'string') throw new Error(policy);
    const on = (arn: string): string => evaluatePolicy(policy, 'lambda:InvokeFunction', arn);
    const { target } = invoicesDocument.functions['render-invoice'];
    expect([on(target), on(target.replace(/:[a-z]+$/, ''))]).toEqual(['allow', 'implicit-deny']);
  });

  it('names files that it showed', () => {
    const files = [...commands.matchAll(/file:\/\/(\w+)\.json/g)].map(([, name]) => name!);
    for (const name of files) expect(block(PAGE, 'json', name)).toContain('Statement');
    expect(files).toHaveLength(2);
  });
});

it('shows a part of baton.dev.json that the relay takes', () => {
  const { sts } = JSON.parse(block(PAGE, 'json', 'relay-sts')) as {
    sts: { roles: Record<string, { trustPolicy: unknown; policy: unknown }> };
  };
  const problems: Problem[] = [];
  relayStsShape.check(sts, '/sts', problems);
  expect(problems).toEqual([]);
  for (const { trustPolicy, policy } of Object.values(sts.roles)) {
    expect(readTrustPolicy(trustPolicy)).toBeInstanceOf(Array);
    expect(readPolicy(policy)).toBeInstanceOf(Array);
  }
});
