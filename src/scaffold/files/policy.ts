import { join, relative } from 'node:path';
import type { PolicyDocument, RouteDocument } from '../../policy/document';
import type { Plan } from '../plan';
import type { Route } from '../routes';

/** The app roles that somebody at the identity provider assigns to people. */
export const ROLE_VALUES = { reader: 'Reader', editor: 'Editor' } as const;

const PROVIDER = 'entra';

/** Whether access tokens of an identity provider are read anywhere: by the authorizer, or by the app itself. */
const readsAccessTokens = ({ edge }: Plan): boolean => edge.provider === PROVIDER;

function routeDocument({ method, path, isPublic, permission }: Route): RouteDocument {
  return { ...(method !== undefined && { method }), path, ...(isPublic ? { public: true } : { permission }) };
}

/** One role that may read and, where anything can be changed, one that may do that as well. */
function rolesOf({ edge, routes, functions }: Plan): PolicyDocument['roles'] {
  const asked = routes.filter(({ isPublic }) => !isPublic).map(({ permission }) => permission);
  const permissions = [...new Set([...asked, ...functions.map(functionPermission)])];
  const granted = (wanted: boolean): string[] => permissions.filter((name) => name.endsWith(':read') === wanted);
  const reader = { members: [`${edge.provider}:${ROLE_VALUES.reader}`], permissions: granted(true) };
  const editor = {
    members: [`${edge.provider}:${ROLE_VALUES.editor}`],
    inherits: ['reader'],
    permissions: granted(false),
  };
  return granted(false).length === 0 ? { reader } : { reader, editor };
}

/** What a caller needs so that the app may call a function for them. */
const functionPermission = (name: string): string => `${name}:invoke`;

/** Where editors find the schema, seen from the policy. */
function schemaPath({ project, layout }: Plan): string {
  const installed = join(project.folder, 'node_modules/iis-baton/policy.schema.json');
  return relative(join(project.folder, layout.config), installed).replaceAll('\\', '/');
}

/** The policy: what each route asks for, and who has it. */
export function policyDocument(plan: Plan): PolicyDocument {
  const { name, edge, functions, routes } = plan;
  const claims = { subject: '/oid', tenant: '/tid', name: '/preferred_username', roles: '/roles', scopes: '/scp' };
  return {
    $schema: schemaPath(plan),
    application: name,
    edge: edge.document as PolicyDocument['edge'],
    ...(readsAccessTokens(plan) && {
      identityProviders: {
        [PROVIDER]: { issuer: '${IDP_ISSUER}', audience: '${IDP_AUDIENCE}', algorithms: ['RS256'], claims },
      },
    }),
    ...(functions.length > 0 && {
      handOver: { issuer: '${APP_ISSUER}', algorithms: ['ES256'], keys: { jwksUri: '${APP_JWKS_URI}' } },
    }),
    roles: rolesOf(plan),
    routes: routes.map(routeDocument),
    ...(functions.length > 0 && {
      functions: Object.fromEntries(
        functions.map((one) => [
          one,
          {
            target: `arn:aws:lambda:\${AWS_REGION}:\${AWS_ACCOUNT}:function:${one}:live`,
            permission: functionPermission(one),
          },
        ]),
      ),
    }),
  };
}

/** The policy's `${NAME}`s, and a value for each: right in form, for the reader to replace. */
export function policySettings(plan: Plan): Readonly<Record<string, string>> {
  const { edge, identityProvider, functions, host, account, region } = plan;
  return {
    ...(readsAccessTokens(plan) && { IDP_ISSUER: identityProvider.issuer, IDP_AUDIENCE: identityProvider.audience }),
    ...edge.settings,
    ...(functions.length > 0 && {
      APP_ISSUER: `https://${host}`,
      APP_JWKS_URI: 'https://keys.example.com/hand-over.jwks.json',
      AWS_ACCOUNT: account,
      AWS_REGION: region,
    }),
  };
}
