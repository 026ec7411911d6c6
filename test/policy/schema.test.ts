import { readFileSync } from 'node:fs';
import path from 'node:path';
import Ajv2020 from 'ajv/dist/2020';
import { policyJsonSchema, policyShape } from '../../src/policy/schema';
import type { Problem } from '../../src/core/errors';
import { fullPolicy, policyDocument } from '../support/policies';

const validate = new Ajv2020({ allErrors: true, strict: true, strictRequired: false }).compile(policyJsonSchema());
const project = path.join(__dirname, '..', '..');

function shapeProblems(document: unknown): Problem[] {
  const problems: Problem[] = [];
  policyShape.check(document, '', problems);
  return problems;
}

/** The full policy with the value at one JSON pointer replaced; undefined takes it out. */
function withValue(pointer: string, value: unknown): unknown {
  const document = policyDocument() as Record<string, unknown>;
  const steps = pointer.split('/').slice(1);
  const last = steps.pop()!;
  let parent: Record<string, unknown> = document;
  for (const name of steps) parent = parent[name.replaceAll('~1', '/')] as Record<string, unknown>;
  if (value === undefined && Array.isArray(parent)) parent.splice(Number(last), 1);
  else if (value === undefined) delete parent[last];
  else parent[last] = value;
  return document;
}

/** Values that are wrong, or right, at many places. */
const values: readonly unknown[] = [
  undefined,
  null,
  '',
  'x',
  7,
  0,
  -1,
  1.5,
  30,
  301,
  true,
  false,
  [],
  ['x'],
  [''],
  [7],
  {},
];
const moreValues: readonly unknown[] = [
  { x: {} },
  { jwksUri: 'https://a.example', jwks: { keys: [{}] } },
  { jwks: { keys: [] } },
  { jwks: { keys: [{}], more: 1 } },
  { jwks: { keys: [null] } },
  { jwks: [] },
  ['ES256', 'HS256'],
  ['none'],
  'invoice:*',
  ['invoice:read', 'a b'],
  ['invoice:re*d'],
  '/a/b',
  ['entra:x', 'Entra:x'],
  ['entra:'],
  'a\nb',
  ['a\\b'],
  { pointer: '/x' },
  { pointer: '/x', split: ',', json: true },
  { pointer: '/x', json: false },
  { pointer: '/x', application: ['app'] },
  [{ pointer: '/x' }, '/y'],
  { id: '/tenant' },
  { id: { field: '/subject', prefix: 'entra:' } },
  { id: { field: '/name' } },
  { maxAgeSeconds: 300, acr: ['mfa'] },
  { maxAgeSeconds: 300, acr: 'm f a' },
  '${NAME}',
];
const pointers = [
  '/application',
  '/$schema',
  '/unknown',
  '/edge',
  '/edge/profile',
  '/edge/issuer',
  '/edge/algorithms',
  '/edge/keys',
  '/edge/clockToleranceSeconds',
  '/edge/maxLifetimeSeconds',
  '/edge/unknown',
  '/identityProviders',
  '/identityProviders/Entra',
  '/identityProviders/entra/audience',
  '/identityProviders/entra/keys',
  '/identityProviders/entra/types',
  '/identityProviders/entra/claims',
  '/identityProviders/entra/claims/subject',
  '/identityProviders/entra/claims/roles',
  '/identityProviders/entra/claims/applicationSubject',
  '/identityProviders/entra/claims/kind',
  '/handOver',
  '/handOver/clockToleranceSeconds',
  '/roles',
  '/roles/clerk',
  '/roles/a b',
  '/roles/clerk/members',
  '/roles/clerk/inherits',
  '/roles/clerk/permissions',
  '/roles/clerk/deny',
  '/actors/invoice-copilot/roles',
  '/routes',
  '/routes/0',
  '/routes/0/path',
  '/routes/0/public',
  '/routes/0/authenticated',
  '/routes/1/method',
  '/routes/1/permission',
  '/routes/1/role',
  '/routes/1/scope',
  '/routes/1/anyPermission',
  '/routes/1/allRoles',
  '/routes/1/anyScope',
  '/routes/1/where',
  '/routes/1/recentLogin',
  '/unlistedRoutes',
  '/functions/render-invoice/target',
  '/functions/render-invoice/permission',
  '/functions/render-invoice/timeoutSeconds',
];

describe('the published schema and the check of the app', () => {
  it.each(pointers)('judge every value at %s alike', (pointer) => {
    const verdicts = new Set<boolean>();
    // A placeholder is the schema's only: the app has filled it before it checks.
    for (const value of [...values, ...moreValues].filter((item) => item !== '${NAME}')) {
      const document = withValue(pointer, value);
      const problems = shapeProblems(document);
      const valid = validate(document);
      expect({ value, valid }).toEqual({ value, valid: problems.length === 0 });
      for (const problem of problems) expect(problem.pointer.startsWith(pointer)).toBe(true);
      verdicts.add(valid);
    }
    expect(verdicts).toContain(false);
  });

  it.each([null, [], 'x', 7, {}])('judge the document %j alike', (document) => {
    expect([validate(document), shapeProblems(document).length === 0]).toEqual([false, false]);
  });

  it('take the full policy, and a file whose names are not filled yet', () => {
    expect(validate(fullPolicy)).toBe(true);
    const target = 'arn:aws:lambda:eu-west-1:${ACCOUNT}:function:render-invoice:live';
    expect(validate(withValue('/functions/render-invoice/target', target))).toBe(true);
    expect(validate(withValue('/functions/render-invoice/target', '${TARGET}'))).toBe(true);
    expect(validate(JSON.parse(readFileSync(path.join(project, 'examples/invoices/baton.policy.json'), 'utf8')))).toBe(
      true,
    );
  });

  it('are one: the file in the package is what the code says', () => {
    const published: unknown = JSON.parse(readFileSync(path.join(project, 'policy.schema.json'), 'utf8'));
    expect(published).toEqual(policyJsonSchema());
  });

  it('write each shared part once, with what an editor shows of it', () => {
    const { $defs = {}, ...body } = policyJsonSchema() as { $defs?: Record<string, { description?: string }> };
    const text = JSON.stringify([body, $defs]);
    for (const [name, { description }] of Object.entries($defs)) {
      expect(description).toMatch(/\.$/);
      expect(text.split(JSON.stringify({ $ref: `#/$defs/${name}` })).length).toBeGreaterThan(1);
      expect(text.split(JSON.stringify($defs[name])).length).toBe(2);
    }
    expect(text.length).toBeLessThan(30_000);
  });

  it('do not take long over a hostile path', () => {
    const started = performance.now();
    for (const path of [
      '/a'.repeat(20_000) + '!*',
      '/{a}'.repeat(20_000) + '{',
      '/'.repeat(50_000),
      'a'.repeat(50_000),
    ]) {
      expect(shapeProblems(withValue('/routes/0/path', path))).toHaveLength(1);
    }
    expect(performance.now() - started).toBeLessThan(1000);
  });
});
