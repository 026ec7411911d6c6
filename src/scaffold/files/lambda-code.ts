import { AWS_FOLDER, POLICY_FILE, scriptExtension, type Plan } from '../plan';
import { CACHE_TTL_SECONDS } from './gateway-definition';

/** The way from the folder of the code to the policy. */
function policyModule({ layout: { config } }: Plan, folder: string): string {
  return `${folder
    .split('/')
    .map(() => '..')
    .join('/')}/${config}/${POLICY_FILE}`;
}

/** The Lambda authorizer. */
export function authorizerText(plan: Plan): string {
  return `'use strict';

const { createAuthorizer } = require('iis-baton/authorizer');
const { compilePolicy } = require('iis-baton/policy');

// Required by its name and not read from a path: so it becomes part of the bundle, and nothing else of this project does.
const policy = compilePolicy(require('${policyModule(plan, AWS_FOLDER)}'));

// Equal to authorizerResultTtlInSeconds of the gateway's definition.
exports.handler = createAuthorizer({ policy, cacheTtlSeconds: ${CACHE_TTL_SECONDS} });
`;
}

/** A Lambda function that works for the app's caller. */
export function functionText(plan: Plan): string {
  return `'use strict';

const { currentUser, withBaton } = require('iis-baton/function');
const { compilePolicy } = require('iis-baton/policy');

const policy = compilePolicy(require('${policyModule(plan, `${AWS_FOLDER}/functions`)}'));

// Runs only with a hand-over token that the app signed for this function, for a caller who has its permission.
exports.handler = withBaton(async (payload) => ({ received: payload, worksFor: currentUser().subject }), { policy });
`;
}

export const authorizerName = ({ project }: Plan): string => `authorizer${scriptExtension(project)}`;
export const functionFileName = ({ project }: Plan, name: string): string => `${name}${scriptExtension(project)}`;
