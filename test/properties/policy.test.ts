import fc from 'fast-check';
import type { PolicyDocument } from '../../src/policy/document';
import { explainRoute } from '../../src/policy/explain';
import { compilePolicy, type Policy } from '../../src/policy/policy';
import { fullPolicy, makeIdentity, policyDocument } from '../support/policies';
import { check, must, refusal, title } from './property';

type Path = readonly string[];

/** Every place of a document. */
function placesOf(value: unknown, path: Path = []): Path[] {
  if (typeof value !== 'object' || value === null) return [path];
  return [path, ...Object.entries(value).flatMap(([name, member]) => placesOf(member, [...path, name]))];
}

/** The document with the value at a place replaced, or another member put beside it. */
function changedAt(document: unknown, path: Path, value: unknown): unknown {
  const [name, ...rest] = path;
  if (name === undefined) return value;
  const container = (typeof document === 'object' && document !== null ? document : {}) as Record<string, unknown>;
  const changed = changedAt(container[name], rest, value);
  if (Array.isArray(container) && /^\d$/.test(name) && Number(name) < container.length) {
    return (container as unknown[]).with(Number(name), changed);
  }
  return { ...container, [name]: changed };
}

const word = fc.constantFrom(
  ...[
    '',
    '*',
    'invoice:*',
    'invoice:read',
    '*:*',
    'clerk',
    'approver',
    'auditor',
    'nobody',
    'txn-token',
    'ES256',
    'none',
  ],
  ...[
    '/invoices/{id}',
    '/{rest+}',
    '/',
    '//',
    '/Health/',
    '/a/{x}/{x}',
    '${NAME}',
    '${',
    'entra:x',
    '__proto__',
    'GET',
  ],
);
const value = fc.oneof(
  word,
  fc.array(word, { maxLength: 3 }),
  fc.jsonValue({ maxDepth: 2 }),
  fc.constantFrom(undefined, true, false, null, 0, -1, 1e9, Infinity, NaN, [], {}),
  fc.dictionary(word, word, { maxKeys: 3 }),
);
const place = fc.oneof(
  fc.constantFrom(...placesOf(fullPolicy)),
  fc.tuple(fc.constantFrom(...placesOf(fullPolicy)), word).map(([path, name]): Path => [...path.slice(0, -1), name]),
  fc.tuple(fc.constantFrom('roles', 'actors', 'routes'), word, word).map((path): Path => path),
);
const edited = fc
  .array(fc.tuple(place, value), { maxLength: 3 })
  .map((edits) => edits.reduce<unknown>((document, [path, to]) => changedAt(document, path, to), policyDocument()))
  // A document is a file: what JSON cannot say is not in it.
  .map((document) => JSON.parse(JSON.stringify(document) ?? 'null') as unknown);
const inputs = fc.oneof({ weight: 9, arbitrary: edited }, { weight: 1, arbitrary: fc.jsonValue({ maxDepth: 4 }) });

const paths = ['/', '/health', '/invoices/7', '/invoices/7/approve', '/a/b', '/__proto__', '/admin'];
const stranger = makeIdentity({ roles: ['no-such-role', 'constructor', 'toString'] });
const permissions = ['invoice:read', 'invoice:approve', 'x:y'];

/** Whatever the document says: nobody without identity passes a route that is not public, and unknown roles are nothing. */
function expectClosed(policy: Policy, document: PolicyDocument): void {
  const open = (document.routes ?? []).some((route) => route.public === true);
  for (const path of paths) {
    const anonymous = policy.decideRoute({ method: 'GET', path }, undefined);
    must(!anonymous.allowed || (anonymous.public && open), `Nobody came in at ${path}.`);
  }
  const through = makeIdentity({ roles: Object.keys(document.roles), actors: ['no-such-actor'] });
  for (const permission of permissions) {
    must(!policy.decidePermission(stranger, permission).allowed, 'A role that is not in the policy grants something.');
    must(!policy.decidePermission(through, permission).allowed, 'An actor that is not in the policy may do something.');
  }
}

const caller = fc.record({
  roles: fc.subarray(['clerk', 'approver', 'auditor', 'x', 'nobody']),
  scopes: fc.subarray(['s', 'invoices.export']),
  actors: fc.subarray(['invoice-copilot', 'no-such-actor']),
  tenant: fc.constantFrom('7', 't1'),
});
const requests = fc.record({
  method: fc.constantFrom('GET', 'HEAD', 'POST', 'DELETE'),
  path: fc.constantFrom(
    ...paths,
    '/invoices/7/',
    '/invoices//',
    '//',
    '/invoices/%37',
    '/%69nvoices/7',
    '/a/../health',
  ),
});
const permission = fc.constantFrom('invoice:read', 'invoice:approve', 'x:y');
const grants = fc.subarray(['invoice:*', 'invoice:read', 'x:y']);
const ruled = fc.record({
  roles: fc.record({
    clerk: fc.record({ permissions: grants, deny: fc.subarray(['invoice:approve', 'x:*']) }),
    approver: fc.record({ permissions: grants, inherits: fc.subarray(['clerk', 'x']) }),
    x: fc.record({ permissions: grants, deny: fc.subarray(['invoice:read']) }),
  }),
  unlistedRoutes: fc.constantFrom('deny', 'authenticated'),
  routes: fc.uniqueArray(
    fc.tuple(
      fc.constantFrom('/health', '/invoices/{id}', '/invoices/{rest+}', '/{any}', '/{a}/7', '/'),
      fc.oneof(
        fc.constantFrom({ public: true }, { authenticated: true }, { scope: 's' }, { allRoles: ['clerk', 'x'] }),
        fc.record({ permission }),
        fc.record({ anyPermission: fc.tuple(permission, permission), role: fc.constantFrom('clerk', 'approver') }),
        fc.record({ permission, recentLogin: fc.constant({ maxAgeSeconds: 60 }) }),
      ),
      fc.constantFrom(undefined, 'GET', 'HEAD', 'POST'),
    ),
    { maxLength: 5, selector: ([path, , method]) => `${method} ${path}` },
  ),
});

describe('explain', () => {
  it('says what the policy decides, by the rule that does, and every condition of an entry that lets in holds', () => {
    const seen = { allowed: 0, denied: 0 };
    const inputs = fc.tuple(ruled, requests, fc.option(caller, { nil: undefined }));
    check(
      inputs,
      ([{ routes, ...rules }, request, user]) => {
        const entries = routes.map(([path, asks, method]) => ({ path, ...asks, ...(method && { method }) }));
        const policy = compilePolicy(policyDocument({ ...rules, routes: entries, functions: undefined }), {});
        const identity = user && makeIdentity(user);
        const decision = policy.decideRoute({ ...request, nowSeconds: 0 }, identity);
        const told = explainRoute(policy.document, { ...request, nowSeconds: 0 }, identity);
        must(JSON.stringify(told.decision) === JSON.stringify(decision), 'Explained is not what was decided.');
        const failing = told.conditions.filter((one) => !one.decision.allowed);
        must(!decision.allowed || decision.public || failing.length === 0, 'It lets in what fails a condition.');
        const denied = !decision.allowed && identity !== undefined && told.entry !== undefined;
        must(!denied || decision.rule === '/actors' || failing.length > 0, 'It refuses and every condition holds.');
        seen[decision.allowed ? 'allowed' : 'denied']++;
      },
      10_000,
    );
    expect(Math.min(seen.allowed, seen.denied)).toBeGreaterThan(1000);
  });
});

describe('policy compile', () => {
  it(title('refuses with its problems, or gives a policy that opens nothing by itself'), () => {
    const seen = { compiled: 0, refused: 0 };
    check(inputs, (document) => {
      let policy: Policy;
      try {
        policy = compilePolicy(document, { NAME: 'value' });
      } catch (error) {
        const { problems } = refusal(error, 'policy_invalid');
        must(problems.length > 0, 'A policy was refused and nothing is wrong with it.');
        must(
          problems.every(({ pointer }) => pointer === '' || pointer.startsWith('/')),
          'A problem has no pointer.',
        );
        seen.refused++;
        return;
      }
      seen.compiled++;
      expectClosed(policy, document as PolicyDocument);
    });
    expect(Math.min(seen.compiled, seen.refused)).toBeGreaterThan(1000);
  });
});
