import type { Jwk } from '../jws/keys';
import { POLICY_VARIABLE } from '../policy/load';
import { compilePolicy, type Policy } from '../policy/policy';
import { BatonError } from '../core/errors';
import { readTextFile } from '../core/text-file';

type Json = Readonly<Record<string, unknown>>;

const isObject = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

function readDocument(policy: string | object | undefined, env: NodeJS.ProcessEnv): unknown {
  const source = policy ?? env[POLICY_VARIABLE];
  if (typeof source === 'object') return source;
  if (!source)
    throw new BatonError('policy_missing', `No policy is named. Pass the option "policy", or set ${POLICY_VARIABLE}.`);
  try {
    return JSON.parse(readTextFile(source));
  } catch (cause) {
    throw new BatonError('policy_unreadable', `The policy file ${source} cannot be read as JSON.`, { cause });
  }
}

/** Another edge's place is taken by one that a test can sign for. */
const gatewayEdge = (edge: Json, application: unknown): Json =>
  edge.profile === 'txn-token'
    ? edge
    : { profile: 'txn-token', issuer: 'https://gateway.test', audience: `${String(application)}.test` };

/**
 * The policy as it is in all that decides, and with keys of the test where the tokens are verified.
 * @throws BatonError `policy_missing`, `policy_unreadable`, `policy_invalid`
 */
export function testPolicy(
  policy: string | object | undefined,
  keys: { readonly gateway: Jwk; readonly handOver: Jwk },
  env: NodeJS.ProcessEnv,
): Policy {
  const document = readDocument(policy, env);
  // What is no policy at all is for the compiler to name.
  if (!isObject(document) || !isObject(document.edge)) return compilePolicy(document, env);
  const trusting = (section: Json, key: Jwk): Json => ({
    ...section,
    algorithms: ['ES256'],
    keys: { jwks: { keys: [key] } },
  });
  const { edge, handOver, application } = document;
  return compilePolicy(
    {
      ...document,
      edge: trusting(gatewayEdge(edge, application), keys.gateway),
      ...(isObject(handOver) && { handOver: trusting(handOver, keys.handOver) }),
    },
    env,
    'The policy of the test',
  );
}
