import { unknownName } from '../../../core/options';
import { isRecord } from '../../is-record';
import { COMPARISONS, OTHER_MEMBERS, timestampMs, TYPE_TESTS } from './choice';
import { STATE_TYPES, type StateMachine, type StateType } from './definition';
import { pathsOf, readCall } from './intrinsics';
import { readPath } from './json-path';
import { visitTemplate } from './template';

/** One thing that is wrong with a definition, as AWS words it: a code, a sentence, a place. */
export interface DefinitionFault {
  /** `NOT_RUN_HERE` is AWS's in no case: AWS runs it, this interpreter does not. */
  readonly code: 'SCHEMA_VALIDATION_FAILED' | 'MISSING_TRANSITION_TARGET' | 'INVALID_JSON_DESCRIPTION' | 'NOT_RUN_HERE';
  readonly message: string;
  readonly pointer: string;
}

/** Whether a Task's resource can be called here, and with these parameters: a fault, or nothing. */
export type ResourceCheck = (
  resource: string,
  parameters: unknown,
) =>
  | { readonly message: string; readonly member: 'Resource' | 'Parameters'; readonly code: DefinitionFault['code'] }
  | undefined;

interface Checker {
  readonly faults: DefinitionFault[];
  readonly checkResource: ResourceCheck;
  readonly names: Set<string>;
}

const PATHS = ['InputPath', 'OutputPath', 'ResultPath'];
const FLOW = ['Next', 'End', 'Assign'];
const RESULT = ['Parameters', 'ResultSelector', 'Retry', 'Catch'];

/** What each type may have besides `Type`, `Comment` and `QueryLanguage`. */
const MEMBERS: Readonly<Record<StateType, readonly string[]>> = {
  Pass: [...PATHS, ...FLOW, 'Parameters', 'Result'],
  Task: [
    ...[...PATHS, ...FLOW, ...RESULT, 'Resource', 'Credentials'],
    ...['TimeoutSeconds', 'TimeoutSecondsPath', 'HeartbeatSeconds', 'HeartbeatSecondsPath'],
  ],
  Choice: ['InputPath', 'OutputPath', 'Assign', 'Choices', 'Default'],
  Wait: ['InputPath', 'OutputPath', ...FLOW, 'Seconds', 'SecondsPath', 'Timestamp', 'TimestampPath'],
  Succeed: ['InputPath', 'OutputPath'],
  Fail: ['Error', 'ErrorPath', 'Cause', 'CausePath'],
  Parallel: [...PATHS, ...FLOW, ...RESULT, 'Branches'],
  Map: [
    ...[...PATHS, ...FLOW, ...RESULT, 'ItemsPath', 'ItemSelector', 'ItemProcessor', 'Iterator'],
    ...['MaxConcurrency', 'MaxConcurrencyPath'],
  ],
};

/** What AWS runs and this interpreter does not: named, so that nobody looks for a typing error. */
const NOT_RUN: Readonly<Record<string, string>> = {
  Arguments: 'JSONata',
  Output: 'JSONata',
  Items: 'JSONata',
  Condition: 'JSONata',
  ItemReader: 'the distributed Map',
  ItemBatcher: 'the distributed Map',
  ResultWriter: 'the distributed Map',
  Label: 'the distributed Map',
  ToleratedFailureCount: 'the distributed Map',
  ToleratedFailureCountPath: 'the distributed Map',
  ToleratedFailurePercentage: 'the distributed Map',
  ToleratedFailurePercentagePath: 'the distributed Map',
};

const step = (pointer: string, name: string | number): string => `${pointer === '/' ? '' : pointer}/${name}`;

function fault(
  checker: Checker,
  pointer: string,
  message: string,
  code: DefinitionFault['code'] = 'SCHEMA_VALIDATION_FAILED',
): void {
  checker.faults.push({ code, message, pointer });
}

function checkMembers(
  checker: Checker,
  value: Record<string, unknown>,
  allowed: readonly string[],
  pointer: string,
): void {
  for (const name of Object.keys(value)) {
    if (allowed.includes(name)) continue;
    const kind = NOT_RUN[name];
    if (kind === undefined) fault(checker, step(pointer, name), `Field ${unknownName(name, allowed)}`);
    else
      fault(
        checker,
        step(pointer, name),
        `The field '${name}' belongs to ${kind}, which is not run here`,
        'NOT_RUN_HERE',
      );
  }
}

function checkQueryLanguage(checker: Checker, value: Record<string, unknown>, pointer: string): void {
  const { QueryLanguage: language } = value;
  if (language === undefined || language === 'JSONPath') return;
  const known = language === 'JSONata';
  fault(
    checker,
    step(pointer, 'QueryLanguage'),
    known
      ? 'JSONata is not run here: what it says would be passed over'
      : 'The query language must be JSONPath or JSONata',
    known ? 'NOT_RUN_HERE' : 'SCHEMA_VALIDATION_FAILED',
  );
}

function checkPath(checker: Checker, value: unknown, pointer: string, { reference = false, root = /^\$/ } = {}): void {
  if (typeof value !== 'string' || !root.test(value)) {
    fault(checker, pointer, 'The value for the field must be a valid JSONPath');
    return;
  }
  const path = readPath(value);
  if (path === undefined) {
    const filter = /\[\s*[?(]/.test(value);
    if (filter) fault(checker, pointer, `The filter in the JSONPath '${value}' is not run here`, 'NOT_RUN_HERE');
    else fault(checker, pointer, `The JSONPath '${value}' cannot be read`);
  } else if (reference && (!path.definite || path.root !== 'data')) {
    fault(checker, pointer, 'The value for the field must be a valid Reference Path');
  }
}

function checkTemplate(checker: Checker, template: unknown, pointer: string): void {
  visitTemplate(template, pointer, (source, at) => {
    if (typeof source !== 'string')
      fault(checker, at, 'The value for the field must be a valid JSONPath or a valid intrinsic function call');
    else if (source.startsWith('$')) checkPath(checker, source, at);
    else {
      const call = readCall(source);
      if (call === undefined)
        fault(checker, at, 'The value for the field must be a valid JSONPath or a valid intrinsic function call');
      else for (const path of pathsOf(call)) checkPath(checker, path.text, at);
    }
  });
}

function checkNumber(
  checker: Checker,
  value: unknown,
  pointer: string,
  { min, max = 99_999_999, whole = true }: { min: number; max?: number; whole?: boolean },
): void {
  const fine = typeof value === 'number' && value >= min && value <= max && (!whole || Number.isInteger(value));
  if (!fine) fault(checker, pointer, `The value must be a${whole ? ' whole' : ''} number from ${min} to ${max}`);
}

function checkTarget(checker: Checker, target: unknown, states: object, pointer: string): void {
  if (typeof target === 'string' && Object.hasOwn(states, target)) return;
  fault(checker, pointer, `Missing 'Next' target: ${String(target)}`, 'MISSING_TRANSITION_TARGET');
}

function checkErrorEquals(checker: Checker, value: unknown, isLast: boolean, pointer: string): void {
  const names = Array.isArray(value) ? (value as unknown[]) : [];
  if (names.length === 0 || !names.every((name) => typeof name === 'string')) {
    fault(checker, pointer, 'ErrorEquals must be a list of error names');
    return;
  }
  const catchAll = names.includes('States.ALL');
  if (catchAll && (names.length > 1 || !isLast))
    fault(checker, pointer, 'States.ALL must be alone, and in the last of them');
}

const RETRIER = [
  'ErrorEquals',
  'IntervalSeconds',
  'MaxAttempts',
  'BackoffRate',
  'MaxDelaySeconds',
  'JitterStrategy',
  'Comment',
];
const CATCHER = ['ErrorEquals', 'Next', 'ResultPath', 'Assign', 'Comment'];

function items(
  checker: Checker,
  value: unknown,
  pointer: string,
): readonly (readonly [Record<string, unknown>, string])[] {
  if (!Array.isArray(value) || !value.every(isRecord)) {
    fault(checker, pointer, 'The value must be a list of objects');
    return [];
  }
  return value.map((item, index) => [item, step(pointer, index)] as const);
}

function checkRetry(checker: Checker, value: unknown, pointer: string): void {
  const all = items(checker, value, pointer);
  all.forEach(([retrier, at], index) => {
    checkMembers(checker, retrier, RETRIER, at);
    checkErrorEquals(checker, retrier['ErrorEquals'], index === all.length - 1, step(at, 'ErrorEquals'));
    const { IntervalSeconds, MaxAttempts, BackoffRate, MaxDelaySeconds, JitterStrategy } = retrier;
    if (IntervalSeconds !== undefined) checkNumber(checker, IntervalSeconds, step(at, 'IntervalSeconds'), { min: 1 });
    if (MaxAttempts !== undefined) checkNumber(checker, MaxAttempts, step(at, 'MaxAttempts'), { min: 0 });
    if (BackoffRate !== undefined) checkNumber(checker, BackoffRate, step(at, 'BackoffRate'), { min: 1, whole: false });
    if (MaxDelaySeconds !== undefined)
      checkNumber(checker, MaxDelaySeconds, step(at, 'MaxDelaySeconds'), { min: 1, max: 31_622_400 });
    if (JitterStrategy !== undefined && JitterStrategy !== 'FULL' && JitterStrategy !== 'NONE') {
      fault(checker, step(at, 'JitterStrategy'), 'The value must be FULL or NONE');
    }
  });
}

function checkCatch(checker: Checker, value: unknown, states: object, pointer: string): void {
  const all = items(checker, value, pointer);
  all.forEach(([catcher, at], index) => {
    checkMembers(checker, catcher, CATCHER, at);
    checkErrorEquals(checker, catcher['ErrorEquals'], index === all.length - 1, step(at, 'ErrorEquals'));
    checkTarget(checker, catcher['Next'], states, step(at, 'Next'));
    const { ResultPath, Assign } = catcher;
    if (ResultPath !== undefined && ResultPath !== null)
      checkPath(checker, ResultPath, step(at, 'ResultPath'), { reference: true });
    if (Assign !== undefined) checkAssign(checker, Assign, step(at, 'Assign'));
  });
}

function checkAssign(checker: Checker, value: unknown, pointer: string): void {
  if (!isRecord(value)) {
    fault(checker, pointer, 'The value must be an object');
    return;
  }
  for (const name of Object.keys(value)) {
    if (!/^[A-Za-z_][A-Za-z0-9_]{0,79}(?:\.\$)?$/.test(name))
      fault(checker, step(pointer, name), 'This is no name of a variable');
    if (/^states(?:\.\$)?$/.test(name)) fault(checker, step(pointer, name), "The name 'states' is reserved");
  }
  checkTemplate(checker, value, pointer);
}

function checkRule(checker: Checker, rule: unknown, states: object, pointer: string, top: boolean): void {
  if (!isRecord(rule)) {
    fault(checker, pointer, 'A choice rule must be an object');
    return;
  }
  if (top) checkTarget(checker, rule['Next'], states, step(pointer, 'Next'));
  else if (rule['Next'] !== undefined) fault(checker, step(pointer, 'Next'), 'Only a rule at the top has a Next');
  if (rule['Assign'] !== undefined) checkAssign(checker, rule['Assign'], step(pointer, 'Assign'));
  const tests = Object.keys(rule).filter((name) => !['Variable', 'Next', 'Assign', 'Comment'].includes(name));
  const [test] = tests;
  if (tests.length !== 1 || test === undefined) {
    fault(checker, pointer, 'A choice rule must have exactly one comparison');
    return;
  }
  for (const joined of ['And', 'Or']) {
    if (test !== joined) continue;
    const inner = items(checker, rule[joined], step(pointer, joined));
    if (inner.length === 0) fault(checker, step(pointer, joined), 'The list must not be empty');
    for (const [one, at] of inner) checkRule(checker, one, states, at, false);
    return;
  }
  if (test === 'Not') checkRule(checker, rule['Not'], states, step(pointer, 'Not'), false);
  else checkComparison(checker, rule, test, pointer);
}

function checkComparison(checker: Checker, rule: Record<string, unknown>, test: string, pointer: string): void {
  checkPath(checker, rule['Variable'], step(pointer, 'Variable'));
  const at = step(pointer, test);
  const operand = rule[test];
  if (Object.hasOwn(TYPE_TESTS, test)) {
    if (typeof operand !== 'boolean') fault(checker, at, 'The value must be true or false');
    return;
  }
  const comparison = COMPARISONS[test.replace(/Path$/, '')];
  if (comparison === undefined || test === 'StringMatchesPath') {
    const kind = NOT_RUN[test];
    if (kind !== undefined)
      fault(checker, at, `The field '${test}' belongs to ${kind}, which is not run here`, 'NOT_RUN_HERE');
    else
      fault(
        checker,
        at,
        `Comparison ${unknownName(test, [...Object.keys(COMPARISONS), ...Object.keys(TYPE_TESTS), ...OTHER_MEMBERS])}`,
      );
  } else if (test.endsWith('Path')) checkPath(checker, operand, at);
  else if (comparison.kind === 'timestamp') {
    if (Number.isNaN(timestampMs(operand))) fault(checker, at, 'The value must be a time as RFC 3339 writes it');
  } else if (typeof operand !== comparison.kind) fault(checker, at, `The value must be a ${comparison.kind}`);
}

type Member = 'one' | 'none or one';

/** Of members that say the same in different ways, one. */
function checkOneOf(
  checker: Checker,
  state: Record<string, unknown>,
  names: readonly string[],
  how: Member,
  pointer: string,
): void {
  const given = names.filter((name) => state[name] !== undefined);
  if (given.length > 1 || (how === 'one' && given.length === 0)) {
    fault(checker, pointer, `State must have ${how === 'one' ? 'exactly' : 'at most'} one of [${names.join(', ')}]`);
  }
}

/** Checks of one type, beyond what many have in common. */
const BY_TYPE: Readonly<
  Record<StateType, (checker: Checker, state: Record<string, unknown>, states: object, pointer: string) => void>
> = {
  Pass: () => undefined,
  Succeed: () => undefined,
  Task(checker, state, _, pointer) {
    const {
      Resource: resource,
      Credentials: credentials,
      TimeoutSeconds: timeout,
      HeartbeatSeconds: heartbeat,
    } = state;
    if (typeof resource !== 'string') fault(checker, pointer, 'These fields are required: [Resource]');
    else {
      const why = checker.checkResource(resource, state['Parameters']);
      if (why !== undefined) fault(checker, step(pointer, why.member), why.message, why.code);
    }
    for (const name of ['TimeoutSeconds', 'HeartbeatSeconds']) {
      if (state[name] !== undefined) checkNumber(checker, state[name], step(pointer, name), { min: 1 });
    }
    checkOneOf(checker, state, ['TimeoutSeconds', 'TimeoutSecondsPath'], 'none or one', pointer);
    checkOneOf(checker, state, ['HeartbeatSeconds', 'HeartbeatSecondsPath'], 'none or one', pointer);
    if (typeof timeout === 'number' && typeof heartbeat === 'number' && heartbeat >= timeout) {
      fault(checker, step(pointer, 'HeartbeatSeconds'), 'HeartbeatSeconds must be smaller than TimeoutSeconds');
    }
    if (credentials !== undefined) checkCredentials(checker, credentials, step(pointer, 'Credentials'));
  },
  Choice(checker, state, states, pointer) {
    const rules = Array.isArray(state['Choices']) ? (state['Choices'] as unknown[]) : [];
    if (rules.length === 0) fault(checker, pointer, 'A Choice must have a non-empty list of Choices');
    rules.forEach((rule, index) => checkRule(checker, rule, states, `${step(pointer, 'Choices')}/${index}`, true));
    if (state['Default'] !== undefined) checkTarget(checker, state['Default'], states, step(pointer, 'Default'));
  },
  Wait(checker, state, _, pointer) {
    checkOneOf(checker, state, ['Seconds', 'SecondsPath', 'Timestamp', 'TimestampPath'], 'one', pointer);
    if (state['Seconds'] !== undefined) checkNumber(checker, state['Seconds'], step(pointer, 'Seconds'), { min: 0 });
    if (state['Timestamp'] !== undefined && Number.isNaN(timestampMs(state['Timestamp']))) {
      fault(checker, step(pointer, 'Timestamp'), 'The value must be a time as RFC 3339 writes it');
    }
  },
  Fail(checker, state, _, pointer) {
    checkOneOf(checker, state, ['Error', 'ErrorPath'], 'none or one', pointer);
    checkOneOf(checker, state, ['Cause', 'CausePath'], 'none or one', pointer);
    for (const name of ['Error', 'Cause']) {
      if (state[name] !== undefined && typeof state[name] !== 'string')
        fault(checker, step(pointer, name), 'The value must be a string');
    }
    for (const name of ['ErrorPath', 'CausePath']) {
      const value = state[name];
      if (value === undefined) continue;
      if (typeof value === 'string' && value.startsWith('States.'))
        checkTemplate(checker, { 'value.$': value }, step(pointer, name));
      else checkPath(checker, value, step(pointer, name));
    }
  },
  Parallel(checker, state, _, pointer) {
    const branches = items(checker, state['Branches'], step(pointer, 'Branches'));
    for (const [branch, at] of branches) checkStates(checker, branch, at, ['Comment', 'StartAt', 'States']);
  },
  Map(checker, state, _, pointer) {
    checkOneOf(checker, state, ['ItemProcessor', 'Iterator'], 'one', pointer);
    checkOneOf(checker, state, ['ItemSelector', 'Parameters'], 'none or one', pointer);
    checkOneOf(checker, state, ['MaxConcurrency', 'MaxConcurrencyPath'], 'none or one', pointer);
    if (state['MaxConcurrency'] !== undefined)
      checkNumber(checker, state['MaxConcurrency'], step(pointer, 'MaxConcurrency'), { min: 0 });
    for (const name of ['ItemProcessor', 'Iterator']) {
      const processor = state[name];
      if (processor === undefined) continue;
      const at = step(pointer, name);
      if (!isRecord(processor)) fault(checker, at, 'The value must be an object');
      else {
        checkStates(checker, processor, at, ['Comment', 'StartAt', 'States', 'ProcessorConfig', 'QueryLanguage']);
        checkProcessorConfig(checker, processor['ProcessorConfig'], step(at, 'ProcessorConfig'));
      }
    }
  },
};

function checkProcessorConfig(checker: Checker, config: unknown, pointer: string): void {
  if (config === undefined) return;
  const mode = isRecord(config) ? (config['Mode'] ?? 'INLINE') : undefined;
  if (mode === 'DISTRIBUTED') fault(checker, pointer, 'The distributed Map is not run here', 'NOT_RUN_HERE');
  else if (mode !== 'INLINE') fault(checker, pointer, 'The Mode must be INLINE or DISTRIBUTED');
}

function checkCredentials(checker: Checker, value: unknown, pointer: string): void {
  const names = isRecord(value) ? Object.keys(value) : [];
  if (names.length !== 1 || !['RoleArn', 'RoleArn.$'].includes(names[0] ?? '')) {
    fault(checker, pointer, 'Credentials must have exactly one of [RoleArn, RoleArn.$]');
  } else checkTemplate(checker, value, pointer);
}

function checkCommon(
  checker: Checker,
  state: Record<string, unknown>,
  states: object,
  type: StateType,
  pointer: string,
): void {
  for (const name of ['InputPath', 'OutputPath']) {
    if (state[name] !== undefined && state[name] !== null) checkPath(checker, state[name], step(pointer, name));
  }
  for (const name of [
    'TimeoutSecondsPath',
    'HeartbeatSecondsPath',
    'SecondsPath',
    'TimestampPath',
    'ItemsPath',
    'MaxConcurrencyPath',
  ]) {
    if (state[name] !== undefined) checkPath(checker, state[name], step(pointer, name));
  }
  const { ResultPath, Assign, Retry, Catch } = state;
  if (ResultPath !== undefined && ResultPath !== null)
    checkPath(checker, ResultPath, step(pointer, 'ResultPath'), { reference: true });
  for (const name of ['Parameters', 'ResultSelector', 'ItemSelector'])
    checkTemplate(checker, state[name], step(pointer, name));
  if (Assign !== undefined) checkAssign(checker, Assign, step(pointer, 'Assign'));
  if (Retry !== undefined) checkRetry(checker, Retry, step(pointer, 'Retry'));
  if (Catch !== undefined) checkCatch(checker, Catch, states, step(pointer, 'Catch'));
  if (!MEMBERS[type].includes('Next')) return;
  if (state['Next'] !== undefined) checkTarget(checker, state['Next'], states, step(pointer, 'Next'));
  if ((state['Next'] === undefined) === (state['End'] !== true))
    fault(checker, pointer, 'State must have exactly one of [Next, End]');
}

function checkState(checker: Checker, name: string, state: unknown, states: object, pointer: string): void {
  if (name.length > 80) fault(checker, pointer, 'The name of a state has at most 80 characters');
  if (checker.names.has(name)) fault(checker, pointer, 'The name of a state must be unique in the whole state machine');
  checker.names.add(name);
  const type = isRecord(state) ? STATE_TYPES.find((known) => known === state['Type']) : undefined;
  if (!isRecord(state) || type === undefined) {
    fault(checker, pointer, `A state must have a Type: one of ${STATE_TYPES.join(', ')}`);
    return;
  }
  checkQueryLanguage(checker, state, pointer);
  checkMembers(checker, state, ['Type', 'Comment', 'QueryLanguage', ...MEMBERS[type]], pointer);
  checkCommon(checker, state, states, type, pointer);
  BY_TYPE[type](checker, state, states, pointer);
}

/** Where a state can lead to. */
function targetsOf(state: unknown): unknown[] {
  if (!isRecord(state)) return [];
  const next = (value: unknown): unknown[] =>
    Array.isArray(value) ? value.map((item: unknown) => isRecord(item) && item['Next']) : [];
  return [state['Next'], state['Default'], ...next(state['Choices']), ...next(state['Catch'])];
}

function checkReachable(checker: Checker, states: Record<string, unknown>, start: string, pointer: string): void {
  const reached = new Set<unknown>([start]);
  for (const name of reached) for (const target of targetsOf(states[String(name)])) reached.add(target);
  for (const name of Object.keys(states)) {
    if (!reached.has(name))
      fault(checker, step(pointer, name), `State "${name}" is not reachable.`, 'MISSING_TRANSITION_TARGET');
  }
}

function checkStates(
  checker: Checker,
  machine: Record<string, unknown>,
  pointer: string,
  allowed: readonly string[],
): void {
  checkQueryLanguage(checker, machine, pointer);
  checkMembers(checker, machine, allowed, pointer);
  const missing = ['StartAt', 'States'].filter((name) => machine[name] === undefined);
  if (missing.length > 0) fault(checker, pointer, `These fields are required: [${missing.join(', ')}]`);
  const { StartAt: start, States: states } = machine;
  if (states === undefined || start === undefined) return;
  if (!isRecord(states) || Object.keys(states).length === 0) {
    fault(checker, step(pointer, 'States'), 'The value must be a non-empty object');
    return;
  }
  for (const [name, state] of Object.entries(states))
    checkState(checker, name, state, states, step(step(pointer, 'States'), name));
  if (typeof start !== 'string' || !Object.hasOwn(states, start)) {
    fault(
      checker,
      step(pointer, 'StartAt'),
      `Missing 'StartAt' target: ${JSON.stringify(start)}`,
      'MISSING_TRANSITION_TARGET',
    );
  } else checkReachable(checker, states, start, step(pointer, 'States'));
}

/**
 * Everything that is wrong with a definition, or that AWS would do and the interpreter here would not: what is not
 * understood is refused, never passed over.
 * @returns the machine where there is nothing
 */
export function checkDefinition(
  value: unknown,
  checkResource: ResourceCheck,
): StateMachine | readonly DefinitionFault[] {
  const checker: Checker = { faults: [], checkResource, names: new Set() };
  if (!isRecord(value))
    return [{ code: 'INVALID_JSON_DESCRIPTION', message: 'The definition must be a JSON object', pointer: '/' }];
  checkStates(checker, value, '/', ['Comment', 'StartAt', 'States', 'TimeoutSeconds', 'Version', 'QueryLanguage']);
  if (value['TimeoutSeconds'] !== undefined)
    checkNumber(checker, value['TimeoutSeconds'], '/TimeoutSeconds', { min: 1 });
  if (value['Version'] !== undefined && value['Version'] !== '1.0')
    fault(checker, '/Version', "The version must be '1.0'");
  return checker.faults.length === 0 ? (value as unknown as StateMachine) : checker.faults;
}
