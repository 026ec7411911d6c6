import { existsSync } from 'node:fs';

import { BatonError } from '../../core/errors';
import { checkOptionNames, type OptionNames, wholeNumber } from '../../core/options';

/** One function of the endpoint. */
export interface FunctionDefinition {
  /** Absolute path of the module with the handler: CommonJS or an ES module. */
  readonly handlerFile: string;
  /** Name of the export. Default `handler`. */
  readonly handlerName?: string;
  /** The function's own environment. It gets nothing of the parent's but what a process needs to run. */
  readonly environment: Readonly<Record<string, string>>;
  /** Default 3, as in Lambda; 1 to 900. */
  readonly timeoutSeconds?: number;
}

/** A function with its defaults filled in. */
export interface FunctionSettings {
  readonly name: string;
  readonly handlerFile: string;
  readonly handlerName: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly timeoutSeconds: number;
  readonly memoryMegabytes: number;
  readonly region: string;
  readonly accountId: string;
}

const OPTION_NAMES: OptionNames<FunctionDefinition> = {
  handlerFile: true,
  handlerName: true,
  environment: true,
  timeoutSeconds: true,
};

/**
 * Checks a function and fills in its defaults.
 * @throws BatonError `option_invalid`, `option_unknown`
 */
export function readFunction(
  name: string,
  definition: FunctionDefinition,
  { region, accountId }: { region: string; accountId: string },
): FunctionSettings {
  const owner = `startLambdaEndpoint(): function "${name}"`;
  checkOptionNames(owner, definition, OPTION_NAMES);
  if (!/^[A-Za-z0-9_-]{1,64}$/.test(name)) {
    throw new BatonError('option_invalid', `${owner}: a name has 1 to 64 letters, digits, hyphens and underscores.`);
  }
  if (!existsSync(definition.handlerFile)) {
    throw new BatonError('option_invalid', `${owner}: there is no file ${definition.handlerFile}.`);
  }
  return {
    name,
    handlerFile: definition.handlerFile,
    handlerName: definition.handlerName ?? 'handler',
    environment: definition.environment,
    timeoutSeconds: wholeNumber(owner, 'timeoutSeconds', definition.timeoutSeconds, { fallback: 3, min: 1, max: 900 }),
    memoryMegabytes: 128,
    region,
    accountId,
  };
}

/** What of the parent's environment a Node process needs to start; everything else could be a secret. */
const PASSED_ON = ['PATH', 'SystemRoot', 'TEMP', 'TMP', 'TMPDIR', 'LANG'];

/**
 * The environment of a function's process: Lambda's reserved variables over the function's own.
 * Source: AWS Lambda developer guide, "Defined runtime environment variables".
 */
export function functionEnvironment(settings: FunctionSettings, logStreamName: string): Record<string, string> {
  const passedOn = PASSED_ON.flatMap((name) => {
    const value = process.env[name];
    return value === undefined ? [] : [[name, value] as const];
  });
  return {
    ...Object.fromEntries(passedOn),
    TZ: ':UTC',
    ...settings.environment,
    AWS_REGION: settings.region,
    AWS_DEFAULT_REGION: settings.region,
    AWS_EXECUTION_ENV: `AWS_Lambda_nodejs${process.versions.node.split('.')[0] ?? ''}.x`,
    AWS_LAMBDA_FUNCTION_NAME: settings.name,
    AWS_LAMBDA_FUNCTION_VERSION: '$LATEST',
    AWS_LAMBDA_FUNCTION_MEMORY_SIZE: String(settings.memoryMegabytes),
    AWS_LAMBDA_INITIALIZATION_TYPE: 'on-demand',
    AWS_LAMBDA_LOG_GROUP_NAME: `/aws/lambda/${settings.name}`,
    AWS_LAMBDA_LOG_STREAM_NAME: logStreamName,
    _HANDLER: `index.${settings.handlerName}`,
  };
}

/** The function's ARN, with the alias or version it was called by. */
export function functionArn({ region, accountId, name }: FunctionSettings, qualifier: string | undefined): string {
  const suffix = qualifier === undefined ? '' : `:${qualifier}`;
  return `arn:aws:lambda:${region}:${accountId}:function:${name}${suffix}`;
}
