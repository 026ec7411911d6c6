import { AWS_FOLDER, POLICY_FILE, type Plan } from '../plan';
import { definitionName } from './gateway-definition';
import { authorizerName, functionFileName } from './lambda-code';
import { policySettings, ROLE_VALUES } from './policy';

/** The audience in tokens of the relay's own identity provider. */
const AUDIENCE = 'api://local';

/** What stands for addresses that the relay knows when it runs; all other values may stay what they are. */
const LOCAL: Readonly<Record<string, string>> = {
  IDP_ISSUER: '${relay.identityProvider}',
  IDP_AUDIENCE: AUDIENCE,
  GATEWAY_JWKS_URI: '${relay.gatewayKeys}',
  APP_JWKS_URI: '${relay.appKeys}',
};

/** People of this machine: one for each role, and one who has none. */
function users(plan: Plan): readonly object[] {
  const writes = plan.routes.some(({ isPublic, permission }) => !isPublic && !permission.endsWith(':read'));
  const people: readonly (readonly [string, readonly string[]])[] = [
    ['rita', [ROLE_VALUES.reader]],
    ...(writes || plan.functions.length > 0 ? [['edgar', [ROLE_VALUES.editor]] as const] : []),
    ['nina', []],
  ];
  return people.map(([username, roles], at) => ({
    username,
    password: username,
    subject: `00000000-0000-4000-8000-00000000000${at + 1}`,
    name: `${username}@example.com`,
    roles,
  }));
}

/** `baton.dev.json`: what `baton dev` runs. */
export function devConfig(plan: Plan): object {
  const { layout, functions } = plan;
  const inAws = (name: string): string => `${AWS_FOLDER}/${name}`;
  const variables = Object.entries(policySettings(plan)).map(([name, value]) => [name, LOCAL[name] ?? value] as const);
  return {
    webConfig: layout.webRoot === '' ? 'web.config' : `${layout.webRoot}/web.config`,
    authorizer: inAws(authorizerName(plan)),
    ...(functions.length > 0 && {
      functions: Object.fromEntries(
        functions.map((name) => [name, inAws(`functions/${functionFileName(plan, name)}`)]),
      ),
    }),
    gateways: { [plan.api]: inAws(definitionName(plan)) },
    environment: {
      BATON_POLICY: `\${relay.folder}/${layout.config}/${POLICY_FILE}`,
      ...Object.fromEntries(variables),
    },
    identityProvider: {
      tenant: '00000000-0000-4000-8000-00000000000a',
      audience: AUDIENCE,
      users: users(plan),
      clients: [{ clientId: 'web', redirectUris: ['http://127.0.0.1/signed-in'], grantTypes: ['authorization_code'] }],
    },
  };
}
