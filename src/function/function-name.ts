import { BatonError } from '../core/errors';
import { unknownName } from '../core/options';
import type { FunctionDocument } from '../policy/document';
import type { Policy } from '../policy/policy';

/** A function of the policy, by name. */
export interface NamedFunction {
  readonly name: string;
  readonly document: FunctionDocument;
}

const lambdaNameOf = ({ target }: FunctionDocument): string => target.split(':')[6] ?? '';

/**
 * Which function of the policy this Lambda function is: the one that is named, or the one whose target it is.
 * @throws BatonError `function_unknown`
 */
export function functionOf(
  { functions }: Policy,
  name: string | undefined,
  env: NodeJS.ProcessEnv = process.env,
): NamedFunction {
  if (name !== undefined) {
    const document = Object.hasOwn(functions, name) ? functions[name] : undefined;
    if (document === undefined) {
      throw new BatonError('function_unknown', `The policy's function ${unknownName(name, Object.keys(functions))}.`);
    }
    return { name, document };
  }
  const lambdaName = env.AWS_LAMBDA_FUNCTION_NAME;
  const matches = Object.entries(functions).filter(([, document]) => lambdaNameOf(document) === lambdaName);
  const [match] = matches;
  if (match === undefined || matches.length > 1) {
    const found = match === undefined ? 'No function' : 'More than one function';
    throw new BatonError(
      'function_unknown',
      `${found} of the policy has this Lambda function (${lambdaName ?? 'AWS_LAMBDA_FUNCTION_NAME is not set'}) as its target. Pass withBaton() the option "name".`,
    );
  }
  return { name: match[0], document: match[1] };
}
