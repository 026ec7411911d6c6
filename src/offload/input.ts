import { BatonError, formatProblems, type Problem } from '../core/errors';
import { optionalPeer } from '../core/peers';

/** JSON Schema as plain data: draft 2020-12, or draft-07 where its `$schema` says so. */
export type InputJsonSchema = Readonly<Record<string, unknown>>;

/**
 * What zod, valibot, ArkType and others have in common.
 * @see https://standardschema.dev
 */
export interface StandardSchema {
  readonly '~standard': {
    readonly version: 1;
    readonly vendor: string;
    readonly validate: (value: unknown) => StandardResult | Promise<StandardResult>;
  };
}

/** What a Standard Schema says of a value: the value as it is to be used, or what is wrong with it. */
export type StandardResult =
  { readonly value: unknown; readonly issues?: undefined } | { readonly issues: readonly StandardIssue[] };

interface StandardIssue {
  readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined;
}

/** What a function's payload must look like. */
export type InputSchema = InputJsonSchema | StandardSchema;

/** Gives the payload as it is to be sent. @throws BatonError `input_invalid` */
export type CheckInput = (payload: unknown) => unknown;

/** The places alone: messages of a schema may quote the value, and nobody knows what callers send. */
function inputInvalid(name: string, problems: readonly Problem[]): BatonError {
  const message = `The payload for "${name}" is not as its schema says:\n${formatProblems(problems)}`;
  return new BatonError('input_invalid', message, { problems });
}

const isStandard = (schema: InputSchema): schema is StandardSchema => '~standard' in schema;

/**
 * Makes the check of a function's payload, once, at the start.
 *
 * @param name the function's name in the policy, for messages
 * @throws BatonError `option_invalid` for a schema that is none; `peer_missing` for a JSON Schema without `ajv`
 */
export function inputCheck(name: string, schema: InputSchema): CheckInput {
  // ArkType's schemas are functions.
  if ((typeof schema !== 'object' && typeof schema !== 'function') || schema === null) {
    throw new BatonError('option_invalid', `offloadHandler(): "input" of "${name}" must be a JSON or Standard Schema.`);
  }
  return isStandard(schema) ? standardCheck(name, schema) : jsonSchemaCheck(name, schema);
}

function standardCheck(name: string, { '~standard': standard }: StandardSchema): CheckInput {
  if (standard.version !== 1 || typeof standard.validate !== 'function') {
    throw new BatonError('option_invalid', `offloadHandler(): "input" of "${name}" is of an unknown Standard Schema.`);
  }
  return async (payload) => {
    const result = await standard.validate(payload);
    if (result.issues === undefined) return result.value;
    throw inputInvalid(name, result.issues.map(problemOf));
  };
}

function problemOf({ path = [] }: StandardIssue): Problem {
  const steps = path.map((part) => String(typeof part === 'object' ? part.key : part));
  const pointer = steps.map((step) => `/${step.replaceAll('~', '~0').replaceAll('/', '~1')}`).join('');
  return { pointer, message: 'is not as the schema says' };
}

type Ajv = typeof import('ajv');

/** Drafts are two classes of ajv; most schemas that name none are of the newest. */
function ajvFor({ $schema }: InputJsonSchema): Ajv['Ajv'] {
  const draft07 = typeof $schema === 'string' && $schema.includes('draft-07');
  return optionalPeer('ajv', 'Checking payloads by a JSON Schema', () =>
    draft07 ? (require('ajv') as Ajv).Ajv : (require('ajv/dist/2020') as typeof import('ajv/dist/2020')).Ajv2020,
  );
}

function jsonSchemaCheck(name: string, schema: InputJsonSchema): CheckInput {
  // Its verdict would be a promise, which is neither yes nor no.
  if (schema.$async !== undefined) {
    throw new BatonError('option_invalid', `offloadHandler(): "input" of "${name}" must not be "$async".`);
  }
  const Validator = ajvFor(schema);
  let validate: ReturnType<InstanceType<Ajv['Ajv']>['compile']>;
  try {
    // All problems at once would let one body with a million members fill memory (ajv's own advice).
    validate = new Validator({ allErrors: false }).compile(schema);
  } catch (cause) {
    const message = `offloadHandler(): "input" of "${name}" is no JSON Schema: ${(cause as Error).message}.`;
    throw new BatonError('option_invalid', message, { cause });
  }
  return (payload) => {
    if (validate(payload)) return payload;
    // ajv's messages quote the schema, never the value.
    const problems = (validate.errors ?? []).map(({ instancePath, message = 'is not as the schema says' }) => ({
      pointer: instancePath,
      message,
    }));
    throw inputInvalid(name, problems);
  };
}
