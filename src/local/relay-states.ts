import { resolve } from 'node:path';
import { BatonError } from '../core/errors';
import type { Logger } from '../core/logger';
import { readTextFile } from '../core/text-file';
import { mapOf, objectOf, oneOf, text, type Shape } from '../policy/shape';
import { parseDefinition } from '../workflows/definition/parse';
import { evaluatePolicy, readPolicy, type PolicyStatement } from './gateway/iam-policy';
import type { LogGroups } from './logs/log-groups';
import type { RelayStsDocument } from './relay-sts';
import {
  startStepFunctionsEndpoint,
  type AssumeRole,
  type RoleRequest,
  type RoleSession,
  type StateMachineDefinition,
  type StateMachineType,
  type StepFunctionsEndpoint,
} from './step-functions/endpoint';
import type { MachineLogging } from './step-functions/log-delivery';
import type { StsEndpoint } from './sts/endpoint';
import { readTrustPolicy, trusts } from './sts/trust-policy';

/** One of `stateMachines` of `baton.dev.json`. */
export interface RelayStateMachineDocument {
  /** File with the definition in the Amazon States Language. */
  readonly definition: string;
  /** Default `STANDARD`. */
  readonly type?: StateMachineType;
  /** The execution role; one of `sts.roles` decides what the tasks may call. */
  readonly roleArn?: string;
  /** What `${Name}` in the definition stands for, as `DefinitionSubstitutions` of a template. */
  readonly substitutions?: Readonly<Record<string, string>>;
  /** What it logs to CloudWatch Logs; nothing where nothing is given. */
  readonly logging?: MachineLogging;
}

const loggingShape = objectOf('What it logs.', {
  required: { level: oneOf('Which events.', ['ALL', 'ERROR', 'FATAL', 'OFF']) },
  optional: {
    includeExecutionData: oneOf('Whether inputs and outputs are in it. Default false.', [true, false]),
    logGroup: text('The log group.', { pattern: /^[A-Za-z0-9_./#-]{1,512}$/, hint: 'the name of a log group' }),
  },
});

/** The shape of the member `stateMachines`. */
export const relayStatesShape: Shape = mapOf(
  objectOf('A state machine.', {
    required: { definition: text('A path, relative to this file.') },
    optional: {
      type: oneOf('How it runs.', ['STANDARD', 'EXPRESS']),
      roleArn: text('Its execution role.', { pattern: /^arn:aws:iam::\d{12}:role\/.+$/, hint: 'the ARN of a role' }),
      substitutions: mapOf(text('A value.'), 'What names in the definition stand for.', /^[A-Za-z0-9_]+$/),
      logging: loggingShape,
    },
  }),
  'State machines of Step Functions, by name.',
  /^[A-Za-z0-9_-]{1,80}$/,
);

function readMachine(folder: string, document: RelayStateMachineDocument): StateMachineDefinition {
  const { definition: path, type, roleArn, substitutions = {}, logging } = document;
  const file = resolve(folder, path);
  let definition: string;
  try {
    definition = readTextFile(file);
  } catch (cause) {
    throw new BatonError('relay_failed', `The state machine ${file} cannot be read.`, { cause });
  }
  // What is filled in is written for JSON: values may hold what YAML would read otherwise.
  if (/\.ya?ml$/i.test(file)) definition = JSON.stringify(parseDefinition(file, definition));
  const filled = definition.replace(/\$\{([A-Za-z0-9_]+)\}/g, (reference, name: string) =>
    Object.hasOwn(substitutions, name) ? JSON.stringify(substitutions[name]).slice(1, -1) : reference,
  );
  const options = { ...(type && { type }), ...(roleArn !== undefined && { roleArn }), ...(logging && { logging }) };
  return { definition: filled, ...options };
}

/** So long a session of a task's role lasts. */
const SESSION_SECONDS = 3600;

/**
 * Gives a task's call the power of its role. The execution role's policy decides whether another one may be assumed, and that
 * one's trust policy.
 */
function roleTaker(roles: RelayStsDocument['roles'], { sessions }: StsEndpoint): AssumeRole {
  const policyOf = (arn: string): readonly PolicyStatement[] => {
    const statements = readPolicy(roles[arn]?.policy);
    if (typeof statements === 'string') throw new Error(statements);
    return statements;
  };
  const isTrusted = (executionRoleArn: string, roleArn: string): boolean => {
    const trust = readTrustPolicy(roles[roleArn]?.trustPolicy);
    return typeof trust !== 'string' && trusts(trust, ['sts:AssumeRole'], executionRoleArn, {});
  };
  return ({ roleArn, executionRoleArn, sessionName }: RoleRequest): RoleSession | undefined => {
    const isOwn = roleArn === executionRoleArn;
    if (!Object.hasOwn(roles, roleArn)) {
      if (isOwn) return undefined;
      throw new Error('there is no such role');
    }
    const hasOwn = Object.hasOwn(roles, executionRoleArn);
    if (!isOwn && hasOwn && evaluatePolicy(policyOf(executionRoleArn), 'sts:AssumeRole', roleArn) !== 'allow') {
      throw new Error(`${executionRoleArn} is not authorized to perform: sts:AssumeRole`);
    }
    if (!isOwn && !isTrusted(executionRoleArn, roleArn)) {
      throw new Error(`its trust policy does not let ${executionRoleArn} assume it`);
    }
    const [, account = '', name = ''] = /^arn:aws:iam::(\d+):role\/(?:.*\/)?([^/]+)$/.exec(roleArn) ?? [];
    const userArn = `arn:aws:sts::${account}:assumed-role/${name}/${sessionName}`;
    const role = { roleArn, sessionName, userArn, rolePolicy: policyOf(roleArn), sessionPolicy: undefined };
    return sessions.open(role, SESSION_SECONDS);
  };
}

/** What state machines of a relay run with. */
export interface RelayStatesParts {
  readonly folder: string;
  readonly lambdaUrl: string;
  readonly sqsUrl: string | undefined;
  readonly roles: RelayStsDocument['roles'] | undefined;
  readonly sts: StsEndpoint | undefined;
  readonly port: number | undefined;
  /** Gets what AWS logs of the executions at level `ALL`. */
  readonly logDirectory?: string;
  /** The log groups of a local CloudWatch Logs, where there is one. */
  readonly logGroups?: LogGroups | undefined;
  readonly logger: Logger | undefined;
}

/**
 * Starts Step Functions with the state machines of a configuration.
 * @throws BatonError `option_invalid` (a definition with faults, or with what is not run here), `relay_failed`
 */
export async function startRelayStates(
  machines: Readonly<Record<string, RelayStateMachineDocument>>,
  { folder, lambdaUrl, sqsUrl, roles = {}, sts, port = 0, logDirectory, logGroups, logger }: RelayStatesParts,
): Promise<StepFunctionsEndpoint> {
  const stateMachines = Object.fromEntries(
    Object.entries(machines).map(([name, document]) => [name, readMachine(folder, document)]),
  );
  return startStepFunctionsEndpoint({
    stateMachines,
    lambdaUrl,
    port,
    ...(logDirectory !== undefined && { logDirectory }),
    ...(logGroups && { logGroups }),
    ...(sqsUrl !== undefined && { sqsUrl }),
    ...(sts && { sessions: sts.sessions, assumeRole: roleTaker(roles, sts) }),
    ...(logger && { logger }),
  });
}
