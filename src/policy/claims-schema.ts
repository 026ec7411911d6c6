import { pointer } from './common-schema';
import { eitherOf, objectOf, oneOf, oneOrMore, text, type Shape } from './shape';

const values = (what: string): Shape =>
  eitherOf(`Where ${what} are.`, [
    pointer(what),
    objectOf('A claim whose values have to be taken apart first.', {
      required: { pointer: pointer(what) },
      optional: {
        split: text('What separates the values in a text, such as "," or "|".'),
        json: oneOf('The claim is a text that holds JSON.', [true]),
      },
    }),
  ]);

const kind = eitherOf('What says that the caller is an application.', [
  pointer('the claim that says "app" for applications'),
  objectOf('A claim, and its values for applications.', {
    required: {
      pointer: pointer('the claim'),
      application: oneOrMore(text('A value, to the letter.'), 'The values that stand for an application.'),
    },
  }),
]);

/** Where a token says what. */
export const claims: Shape = objectOf('Where the token says what.', {
  required: { subject: pointer("the subject's stable ID") },
  optional: {
    applicationSubject: pointer("an application's stable ID, where it is elsewhere than a user's"),
    tenant: pointer('the tenant'),
    name: pointer('a name for people'),
    roles: oneOrMore(values('roles or groups'), 'Where roles and groups are.'),
    scopes: oneOrMore(values('scopes'), 'Where scopes are.'),
    actor: pointer('the actor, "/act" by default'),
    kind,
  },
});
