import { isRecord } from '../../is-record';
import { evaluateCall, readCall } from './intrinsics';
import { evaluatePath, readPath, type Scope } from './json-path';
import { runtimeError } from './states-error';

/**
 * Fills a payload template (`Parameters`, `ResultSelector`, `ItemSelector`, `Assign`): members whose name ends in `.$` hold a path
 * or a call of an intrinsic function.
 * @throws StatesError `States.Runtime`, `States.IntrinsicFailure`
 * @see https://docs.aws.amazon.com/step-functions/latest/dg/input-output-inputpath-params.html
 */
export function fillTemplate(template: unknown, scope: Scope): unknown {
  if (Array.isArray(template)) return template.map((item) => fillTemplate(item, scope));
  if (!isRecord(template)) return template;
  return Object.fromEntries(
    Object.entries(template).map(([name, value]) =>
      name.endsWith('.$')
        ? [name.slice(0, -2), fillMember(name, String(value), scope)]
        : [name, fillTemplate(value, scope)],
    ),
  );
}

function fillMember(name: string, source: string, scope: Scope): unknown {
  if (!source.startsWith('$')) {
    const call = readCall(source);
    if (call === undefined)
      throw runtimeError(`The intrinsic function '${source}' of the field '${name}' cannot be read.`);
    return evaluateCall(call, scope);
  }
  return lookUp(source, name, scope);
}

/**
 * What a path finds.
 * @param field for whom it is looked up
 * @throws StatesError `States.Runtime` where it finds nothing
 */
export function lookUp(source: string, field: string, scope: Scope): unknown {
  const path = readPath(source);
  const found = path && evaluatePath(path, scope);
  if (found === undefined) {
    // The data only, never the context object: that one holds task tokens.
    const input = JSON.stringify(scope.data);
    throw runtimeError(
      `The JSONPath '${source}' specified for the field '${field}' could not be found in the input '${input}'`,
    );
  }
  return found.value;
}

/** Calls `visit` with every path and call of a template and where it stands. */
export function visitTemplate(
  template: unknown,
  pointer: string,
  visit: (source: unknown, pointer: string) => void,
): void {
  if (Array.isArray(template)) {
    template.forEach((item, index) => visitTemplate(item, `${pointer}/${index}`, visit));
    return;
  }
  if (!isRecord(template)) return;
  for (const [name, value] of Object.entries(template)) {
    if (name.endsWith('.$')) visit(value, `${pointer}/${name}`);
    else visitTemplate(value, `${pointer}/${name}`, visit);
  }
}
