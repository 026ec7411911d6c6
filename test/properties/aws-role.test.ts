import fc from 'fast-check';
import { makeIdentity, makePolicy } from '../support/policies';
import { check, must, title } from './property';

const NAMES = ['a', 'b', 'c', 'd'];
const PERMISSIONS = ['x:1', 'x:2', 'y:1', 'x:*'];
const RUNS = 3000;
const arn = (name: string): string => `arn:aws:iam::123456789012:role/${name}`;
const some = (values: readonly string[]): fc.Arbitrary<string[]> => fc.subarray([...values]);

/** A role inherits only from those before it, so that there are no circles. */
const role = (index: number): fc.Arbitrary<object> =>
  fc.record({
    permissions: some(PERMISSIONS),
    deny: fc.oneof({ weight: 3, arbitrary: fc.constant([]) }, { weight: 1, arbitrary: some(['x:1', 'x:2']) }),
    inherits: some(NAMES.slice(0, index)),
    aws: fc.option(fc.constant({ roleArn: arn(NAMES[index]!) }), { nil: undefined }),
  });
const roles = fc
  .tuple(...NAMES.map((_, index) => role(index)))
  .map((list) => Object.fromEntries(list.map((one, i) => [NAMES[i]!, one])));
const limits = fc.record({ permissions: some(PERMISSIONS), deny: some(['x:1', 'y:1']), roles: some(NAMES) });
/** Many who may a lot: else there is hardly a call that an actor is let make. */
const actor = fc.oneof(limits, fc.constant({ permissions: PERMISSIONS, deny: [], roles: NAMES }));
const cases = fc.record({
  roles,
  actors: fc.record({ p: actor, q: actor }),
  held: some(NAMES),
  acting: some(['p', 'q', 'stranger']),
});

/** Whether a list of grants covers what is asked, said in another way than the policy's own code does. */
const grants = (list: readonly string[], asked: string): boolean =>
  list.some((one) => one === asked || (one === 'x:*' && asked.startsWith('x:')));

it(title('an actor never gets its user’s role, and nobody one that is not theirs', RUNS), () => {
  let chosen = 0;
  let actedFor = 0;
  check(
    cases,
    ({ roles: table, actors, held, acting }) => {
      const functions = { f: { target: 'arn:aws:lambda:eu-west-1:123456789012:function:f', permission: 'x:1' } };
      const policy = makePolicy({ roles: JSON.parse(JSON.stringify(table)), actors, routes: [], functions });
      const identity = makeIdentity({ roles: held, actors: acting });
      const { role } = policy.decideAwsRole(identity, { kind: 'function', name: 'f' });
      if (role === undefined) return;
      chosen++;
      must(policy.decidePermission(identity, 'x:1').allowed, 'A role for a call that is refused.');
      must(policy.decideRole(makeIdentity({ roles: held }), role.name).allowed, 'A role that the user has not got.');
      const alone = makeIdentity({ roles: [role.name] });
      must(policy.decidePermission(alone, 'x:1').allowed, 'A role that does not grant it.');
      if (acting.length > 0) actedFor++;
      for (const name of acting as ('p' | 'q')[]) {
        const limit = actors[name];
        must(limit !== undefined, 'A role for an actor that nobody knows.');
        // Whatever the role may do, the actor may: the AWS role is the user's only where it is no more than the actor's.
        for (const permission of ['x:1', 'x:2', 'x:3', 'y:1']) {
          if (!policy.decidePermission(alone, permission).allowed) continue;
          const may = grants(limit.permissions, permission) && !grants(limit.deny, permission);
          must(may, `The AWS role does ${permission}, which ${name} may not.`);
        }
      }
    },
    RUNS,
  );
  // A property that never meets its case holds nothing.
  expect(chosen).toBeGreaterThan(300);
  expect(actedFor).toBeGreaterThan(100);
});
