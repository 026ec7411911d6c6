import { pointer } from './common-schema';
import { objectOf, oneOrMore, type Shape } from './shape';

/** Where a token says what. */
export const claims: Shape = objectOf('Where the token says what.', {
  required: { subject: pointer("the subject's stable ID") },
  optional: {
    tenant: pointer('the tenant'),
    name: pointer('a name for people'),
    roles: oneOrMore(pointer('roles or groups'), 'Where roles and groups are.'),
    scopes: oneOrMore(pointer('scopes'), 'Where scopes are.'),
    actor: pointer('the actor, "/act" by default'),
    kind: pointer('the claim that says "app" for applications'),
  },
});
