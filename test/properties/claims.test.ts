import fc from 'fast-check';
import { readProviderClaims } from '../../src/identity/provider-claims';
import type { ListClaim } from '../../src/policy/document';
import { makePolicy } from '../support/policies';
import { check, must, refusal, title } from './property';

const policy = makePolicy();

const name = fc.constantFrom(
  ...['oid', 'sub', 'roles', 'groups', 'scp', 'tid', 'act', 'idtyp', 'realm_access', 'https://claims.example/roles'],
  ...['__proto__', 'constructor', 'prototype', 'toString', 'length', '0', 'a~b', '', '_claim_names', 'hasgroups'],
);
const text = fc.oneof(
  fc.constantFrom('7d3c', 'Invoices.Clerk', 'Invoices.Approver', 'invoices.approver', ' Invoices.Approver', 'app', ''),
  fc.constantFrom('a b', 'a|b', '["Invoices.Approver"]', '{"a":1}', 'entra:Invoices.Approver', 'copilot'),
  fc.string({ maxLength: 12 }),
);
const leaf = fc.oneof(text, fc.constantFrom(null, true, 0, 7, -1, 1e300, 2 ** 53), fc.double());
const claim = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 3, withCrossShrink: true },
    leaf,
    fc.array(tie('value'), { maxLength: 3 }),
    fc.dictionary(name, tie('value'), { maxKeys: 3, noNullPrototype: false }),
  ),
})).value;
const KNOWN = { oid: '7d3c', roles: ['Invoices.Approver', 'x'], groups: 'a|Invoices.Approver' };
const claims = fc
  .dictionary(name, claim, { maxKeys: 6, noNullPrototype: false })
  .chain((object) => fc.constantFrom({}, { oid: '7d3c' }, KNOWN).map((known) => ({ ...known, ...object })));

const pointer = fc.constantFrom(
  ...[
    '/oid',
    '/sub',
    '/roles',
    '/groups',
    '/realm_access/roles',
    '/roles/0',
    '/https:~1~1claims.example~1roles',
    '/act',
  ],
  ...['/__proto__', '/constructor/name', '/roles/length', '/a~0b', '/', '/toString', '/prototype/roles'],
);
const listClaim: fc.Arbitrary<ListClaim> = fc.oneof(
  pointer,
  fc.record({ pointer, split: fc.constantFrom(' ', '|', ',') }),
  fc.record({ pointer, json: fc.constant<true>(true) }),
);
const pointers = fc.record(
  {
    subject: fc.oneof(fc.constant('/oid'), pointer),
    tenant: pointer,
    name: pointer,
    actor: pointer,
    kind: pointer,
    roles: fc.oneof(listClaim, fc.array(listClaim, { maxLength: 3 })),
    scopes: listClaim,
  },
  { requiredKeys: ['subject'] },
);

/** Every text of the claims, and what can be had of it by splitting or reading it as JSON. */
function saidBy(value: unknown, said = new Set<string>()): Set<string> {
  if (typeof value === 'number') said.add(String(value));
  if (typeof value === 'string') {
    for (const separator of ['', ' ', '|', ',']) {
      const items = separator === '' ? [value] : value.split(separator);
      for (const item of items) said.add(item).add(item.trim());
    }
    try {
      const inside = JSON.parse(value) as unknown;
      if (inside !== value && (typeof inside === 'object' || typeof inside === 'number')) saidBy(inside, said);
    } catch {
      // Most texts are no JSON.
    }
  }
  if (typeof value === 'object' && value !== null) for (const member of Object.values(value)) saidBy(member, said);
  return said;
}

describe('claim mapping', () => {
  it(title('gives what the token says and nothing else, or refuses'), () => {
    const seen = { read: 0, refused: 0, approvers: 0 };
    const prototype = Object.getOwnPropertyNames(Object.prototype).length;
    check(fc.tuple(claims, pointers), ([token, where]) => {
      try {
        const facts = readProviderClaims(token, where);
        const said = saidBy(token);
        const given = [facts.subject, facts.tenant, facts.name, ...facts.roleValues, ...facts.scopes, facts.actor?.sub];
        for (const fact of given.filter((item) => item !== undefined)) {
          must(typeof fact === 'string' && fact !== '', 'A fact is no text.');
          must(said.has(fact), 'A fact is nowhere in the token.');
        }
        must(
          facts.scopes.every((scope) => /^[!-~]+$/.test(scope)),
          'A scope would become two.',
        );
        const approver = policy.rolesOf('entra', facts.roleValues).includes('approver');
        must(approver === facts.roleValues.includes('Invoices.Approver'), 'A role was given for another value.');
        if (approver) seen.approvers++;
        seen.read++;
      } catch (error) {
        refusal(error, 'token_invalid');
        seen.refused++;
      }
    });
    expect(Object.getOwnPropertyNames(Object.prototype)).toHaveLength(prototype);
    expect(Math.min(seen.read, seen.refused)).toBeGreaterThan(1000);
    expect(seen.approvers).toBeGreaterThan(50);
  });
});
