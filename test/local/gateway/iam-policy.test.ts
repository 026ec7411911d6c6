import { evaluatePolicy, matchesWildcards, readPolicy } from '../../../src/local/gateway/iam-policy';

const API = 'arn:aws:execute-api:eu-west-1:123456789012:abc/prod';
const allow = (...resources: string[]): object => ({
  Effect: 'Allow',
  Action: 'execute-api:Invoke',
  Resource: resources,
});
const deny = (...resources: string[]): object => ({
  Effect: 'Deny',
  Action: 'execute-api:Invoke',
  Resource: resources,
});

describe('evaluatePolicy', () => {
  it.each([
    ['the exact ARN', [allow(`${API}/GET/invoices`)], 'allow'],
    ['a wildcard over the rest', [allow(`${API}/*`)], 'allow'],
    ['a star alone', [allow('*')], 'allow'],
    ['a star that spans slashes', [allow(`${API}/*/invoices`)], 'allow'],
    ['a question mark for one character', [allow(`${API}/GET/invoice?`)], 'allow'],
    ['a question mark for none', [allow(`${API}/GET/invoices?`)], 'implicit-deny'],
    ['another method', [allow(`${API}/POST/invoices`)], 'implicit-deny'],
    ['another path below', [allow(`${API}/GET/invoices/*`)], 'implicit-deny'],
    ['another letter case of the ARN', [allow(`${API}/GET/Invoices`)], 'implicit-deny'],
    ['another stage', [allow(`${API.replace('prod', 'test')}/*`)], 'implicit-deny'],
    ['no statement', [], 'implicit-deny'],
    ['a deny after an allow', [allow('*'), deny(`${API}/GET/*`)], 'explicit-deny'],
    ['a deny before an allow', [deny(`${API}/GET/*`), allow('*')], 'explicit-deny'],
    ['a deny of something else', [deny(`${API}/POST/*`), allow('*')], 'allow'],
    ['one of several resources', [allow(`${API}/POST/x`, `${API}/GET/invoices`)], 'allow'],
    ['an action with a wildcard', [{ Effect: 'Allow', Action: 'execute-api:*', Resource: '*' }], 'allow'],
    ['an action in other letter case', [{ Effect: 'Allow', Action: ['EXECUTE-API:invoke'], Resource: ['*'] }], 'allow'],
    ['another action', [{ Effect: 'Allow', Action: 'execute-api:ManageConnections', Resource: '*' }], 'implicit-deny'],
  ])('%s', (_name, Statement, expected) => {
    const statements = readPolicy({ Version: '2012-10-17', Statement });
    expect(typeof statements).not.toBe('string');
    expect(evaluatePolicy(statements as never, 'execute-api:Invoke', `${API}/GET/invoices`)).toBe(expected);
  });
});

describe('readPolicy', () => {
  it('takes a single statement that is no list', () => {
    expect(readPolicy({ Statement: allow('*') })).toHaveLength(1);
  });

  it.each([
    ['no document', undefined],
    ['a list', []],
    ['no Statement', {}],
    ['a wrong Effect', { Statement: { Effect: 'allow', Action: 'a', Resource: '*' } }],
    ['no Action', { Statement: { Effect: 'Allow', Resource: '*' } }],
    ['a number as Resource', { Statement: { Effect: 'Allow', Action: 'a', Resource: 7 } }],
    ['an empty list of resources', { Statement: { Effect: 'Allow', Action: 'a', Resource: [] } }],
    ['a Resource of 513 characters', { Statement: allow('x'.repeat(513)) }],
    ['a Condition', { Statement: { ...allow('*'), Condition: { IpAddress: {} } } }],
    ['NotResource', { Statement: { Effect: 'Allow', Action: 'a', NotResource: '*' } }],
  ])('refuses %s', (_name, document) => {
    expect(typeof readPolicy(document)).toBe('string');
  });
});

describe('matchesWildcards', () => {
  it('stays fast where a backtracking matcher would not', () => {
    const startedAt = process.hrtime.bigint();
    expect(matchesWildcards(`${'a*'.repeat(30)}b`, 'a'.repeat(2_000))).toBe(false);
    expect(Number(process.hrtime.bigint() - startedAt) / 1e6).toBeLessThan(500);
  });

  it.each([
    ['', '', true],
    ['*', '', true],
    ['?', '', false],
    ['a*c', 'abbc', true],
    ['a*c', 'abbd', false],
    ['*.*', 'a.b.c', true],
    ['a.c', 'abc', false],
  ])('%j against %j: %j', (pattern, text, expected) => {
    expect(matchesWildcards(pattern, text)).toBe(expected);
  });
});
