import { claims } from './claims-schema';
import { algorithms, clockToleranceSeconds, issuer, maxLifetimeSeconds } from './common-schema';
import { edge } from './edge-schema';
import { keys } from './keys-schema';
import { leftBehind } from './left-behind';
import { PERMISSION_ASKED } from './permissions';
import { withDefinitions } from './schema-definitions';
import {
  eitherOf,
  listOf,
  mapOf,
  objectOf,
  oneOf,
  oneOrMore,
  text,
  wholeNumber,
  type JsonSchema,
  type Shape,
} from './shape';
import { workflowShapeOf } from './workflow-schema';

const NAME = /^[A-Za-z][A-Za-z0-9._-]{0,63}$/;
const NAME_HINT = 'up to 64 letters, digits, ".", "_" and "-", a letter first';
const PROVIDER_NAME = /^[a-z][a-z0-9-]{0,31}$/;
const PROVIDER_NAME_HINT = 'up to 32 small letters, digits and "-", a letter first';

const permission = text('A permission such as "invoice:read"; "invoice:*" stands for all that begin so.', {
  pattern: /^[A-Za-z][A-Za-z0-9_.-]*(:[A-Za-z0-9_.-]+)*(:\*)?$/,
  hint: 'a permission such as "invoice:read" or "invoice:*"',
});
const permissionAsked = text('The permission that is asked for, such as "invoice:read".', {
  pattern: PERMISSION_ASKED,
  hint: 'a permission such as "invoice:read", without wildcard',
});
const member = text('Who has it: "provider:value", for example "entra:Invoices.Clerk".', {
  pattern: /^[a-z][a-z0-9-]{0,31}:.+$/,
  hint: '"provider:value"',
});
const roleArn = text('The IAM role in which the calls are made that this role grants.', {
  pattern: /^arn:aws[a-z-]*:iam::\d{12}:role\/[\w+=,.@/-]{1,576}$/,
  hint: 'the ARN of an IAM role',
});
const roleName = text('The name of a role.', { pattern: NAME, hint: 'the name of a role' });
const identityProvider = objectOf('An issuer of JWT access tokens that the authorizer accepts.', {
  required: {
    issuer,
    audience: oneOrMore(text('An audience (aud).'), 'Accepted audiences.'),
    algorithms,
    claims,
  },
  optional: {
    tenants: listOf(
      text('A tenant (tid).', {
        pattern: /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/,
        hint: 'the ID of a tenant in lower case',
      }),
      'The only tenants that are accepted, where the issuer holds "{tenantid}".',
      1,
    ),
    keys,
    types: listOf(text('A media type (typ).'), 'Accepted typ values. Default: "at+jwt" and "JWT".', 1),
    clockToleranceSeconds,
    maxLifetimeSeconds,
  },
});

const role = objectOf('Who has the role and what it may do.', {
  optional: {
    members: listOf(member, 'Who has it.'),
    inherits: listOf(roleName, 'Roles whose permissions it has too.'),
    permissions: listOf(permission, 'What it may do.'),
    deny: listOf(permission, 'What nobody with this role may do, whatever else grants it.'),
    aws: objectOf('What its callers are in AWS.', { required: { roleArn } }),
  },
});

const actor = objectOf('What an actor may do at most, whoever it acts for.', {
  optional: {
    members: listOf(member, 'Which parties of which provider it is.'),
    permissions: listOf(permission, 'What it may do.'),
    deny: listOf(permission, 'What it may not do.'),
    roles: listOf(roleName, 'Roles that count while it acts.'),
  },
});

const scope = text('A scope.', { pattern: /^[!#-[\]-~]+$/, hint: 'a scope token (RFC 6749)' });
const field = oneOf("The field of the caller's identity.", ['/subject', '/tenant', '/actor/subject']);
const where = mapOf(
  eitherOf('What the parameter must equal.', [
    field,
    objectOf('A field, and what to put in front of the parameter.', {
      required: { field },
      optional: { prefix: text('Put in front of the parameter, such as "entra:" for a subject.') },
    }),
  ]),
  "Path parameters that must equal what the token says of its caller, by the parameter's name.",
  /^[A-Za-z_]\w*$/,
  'the name of a parameter of the path',
);
const recentLogin = objectOf('How lately, and how, the user must have signed in (RFC 9470).', {
  optional: {
    maxAgeSeconds: wholeNumber('How far the sign-in may lie back, in seconds.', 1, 31_536_000),
    acr: oneOrMore(
      text('An authentication context (acr).', { pattern: /^[!#-[\]-~]+$/, hint: 'an acr value without blanks' }),
      'Accepted authentication contexts, the preferred one first; one is enough.',
    ),
  },
  atLeastOne: true,
});

const route = objectOf('What a route asks of its caller.', {
  required: {
    path: text('Path template; {name} is one segment, {name+} at the end is one or more.', {
      pattern:
        /^(\/|(\/(\{[A-Za-z_]\w*\}|[A-Za-z0-9._~!$&'()+,;=:@-]+))+\/?|((\/(\{[A-Za-z_]\w*\}|[A-Za-z0-9._~!$&'()+,;=:@-]+))*\/\{[A-Za-z_]\w*\+\}))$/,
      hint: 'a path template such as "/invoices/{id}"',
    }),
  },
  optional: {
    method: oneOf('HTTP method; any where it is left out. GET covers HEAD.', [
      'GET',
      'HEAD',
      'POST',
      'PUT',
      'PATCH',
      'DELETE',
      'OPTIONS',
    ]),
    public: oneOf('Open to everybody.', [true]),
    authenticated: oneOf('Open to every verified caller.', [true]),
    permission: oneOrMore(permissionAsked, 'All of these permissions are needed.'),
    anyPermission: oneOrMore(permissionAsked, 'One of these permissions is needed.'),
    role: oneOrMore(roleName, 'One of these roles is needed.'),
    allRoles: oneOrMore(roleName, 'All of these roles are needed.'),
    scope: oneOrMore(scope, 'All of these scopes are needed.'),
    anyScope: oneOrMore(scope, 'One of these scopes is needed.'),
    where,
    recentLogin,
  },
});

/** How a function is called that is waited for. */
const waitedFor = {
  https: objectOf('Call it through API Gateway, and not by Invoke.', {
    required: {
      url: text("Where the gateway's method stands; http only on this machine.", {
        pattern:
          /^(https:\/\/[A-Za-z0-9.-]+(:\d{1,5})?|http:\/\/(localhost|127\.0\.0\.1|\[::1\])(:\d{1,5})?)\/[!$-~]*$/,
        hint: 'an https URL without user name and fragment',
      }),
    },
    optional: {
      auth: oneOf('How the gateway knows the caller: by the hand-over token, or by an IAM role. Default "bearer".', [
        'bearer',
        'sigv4',
      ]),
    },
  }),
  idempotent: oneOf('Whether it may run twice for one call. Default false.', [true, false]),
  maxRetries: wholeNumber('How often a call is tried again at most, where it may be. Default 2.', 0, 5),
  maxConcurrent: wholeNumber('How many calls of one process run at a time. Default 50.', 1, 1000),
  maxWaiting: wholeNumber('How many more calls wait for their turn. Default 100.', 0, 10_000),
};

const functionShape = objectOf('A Lambda function that is called as the caller.', {
  required: {
    target: text('ARN of the function; also the audience of its hand-over tokens.', {
      pattern: /^arn:[a-z-]+:lambda:[a-z0-9-]+:\d{12}:function:[A-Za-z0-9_-]{1,64}(:[A-Za-z0-9$_-]+)?$/,
      hint: 'the ARN of a Lambda function',
    }),
    permission: permissionAsked,
  },
  optional: {
    timeoutSeconds: wholeNumber('How long a call may take, in seconds, retries and all. Default 10.', 1, 300),
    ...waitedFor,
    ...leftBehind,
  },
});

const workflowShape = workflowShapeOf(permissionAsked, roleName);

/** The policy file's shape. */
export const policyShape: Shape = objectOf('Who may do what: one policy for gateway, app and functions.', {
  required: {
    application: text("The application's name.", {
      pattern: NAME,
      hint: 'a name of letters, digits, ".", "_" and "-"',
    }),
    edge,
    roles: mapOf(role, 'Roles by name.', NAME, NAME_HINT),
  },
  optional: {
    $schema: text('Where the JSON Schema of this file is.'),
    identityProviders: mapOf(identityProvider, 'Identity providers by name.', PROVIDER_NAME, PROVIDER_NAME_HINT),
    handOver: objectOf('Who signs hand-over tokens.', {
      required: { issuer, algorithms, keys },
      optional: { clockToleranceSeconds },
    }),
    actors: mapOf(actor, 'Actors by name.', NAME, NAME_HINT),
    routes: listOf(route, 'What each route asks; the most specific entry decides.'),
    unlistedRoutes: oneOf('What a route that no entry matches asks. Default "deny".', ['deny', 'authenticated']),
    functions: mapOf(functionShape, 'Functions by name.', NAME, NAME_HINT),
    workflows: mapOf(workflowShape, 'Workflows by name.', NAME, NAME_HINT),
  },
});

/** What stands in several places of the file, or is a thing of its own there. */
const PARTS = {
  issuer,
  algorithms,
  clockToleranceSeconds,
  maxLifetimeSeconds,
  claims,
  keys,
  identityProvider,
  member,
  roleName,
  permission,
  permissionAsked,
  scope,
  role,
  actor,
  route,
  function: functionShape,
  workflow: workflowShape,
};

/** The JSON Schema (draft 2020-12) of the policy file, as published in `policy.schema.json`. */
export function policyJsonSchema(): JsonSchema {
  const definitions = Object.fromEntries(Object.entries(PARTS).map(([name, { schema }]) => [name, schema]));
  const { $defs, ...root } = withDefinitions(policyShape.schema, definitions);
  return { $schema: 'https://json-schema.org/draft/2020-12/schema', title: 'Baton policy', ...root, $defs };
}
