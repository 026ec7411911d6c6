/** What can be wrong with a state machine's definition, or odd beside the policy. */
export const DEFINITION_FINDING_LEVELS = {
  definition_invalid: 'problem',
  task_without_retry: 'warning',
  task_without_catch: 'warning',
  task_without_timeout: 'warning',
  task_without_permission: 'warning',
  step_without_task: 'warning',
  step_of_other_function: 'warning',
  task_without_caller: 'warning',
  task_without_approval: 'warning',
  approval_unasked: 'warning',
  approval_without_state: 'warning',
  approval_without_token: 'warning',
  token_elsewhere: 'warning',
  rejection_retried: 'warning',
  approval_with_heartbeat: 'warning',
  approval_in_map: 'warning',
  approval_outlived: 'warning',
  caller_from_data: 'warning',
  caller_overwritten: 'warning',
  caller_dropped: 'warning',
  role_from_data: 'warning',
  secret_written: 'warning',
  secret_in_data: 'warning',
} as const;

export type DefinitionFindingCode = keyof typeof DEFINITION_FINDING_LEVELS;

/** Something odd in a definition. Data; {@link definitionFindingText} makes the sentence. */
export interface DefinitionFinding {
  readonly code: DefinitionFindingCode;
  readonly level: 'problem' | 'warning';
  /** RFC 6901 JSON pointer into the definition; for `step_without_task` and `approval_without_state` into the policy's workflow. */
  readonly pointer: string;
  /** What it is about, by code. Never a value that could be a secret. */
  readonly names: readonly string[];
}

/** Makes a finding of its code's level. */
export const definitionFinding = (
  code: DefinitionFindingCode,
  pointer: string,
  ...names: readonly string[]
): DefinitionFinding => ({ code, level: DEFINITION_FINDING_LEVELS[code], pointer, names });

const SENTENCES: Readonly<Record<DefinitionFindingCode, (names: readonly string[]) => string>> = {
  definition_invalid: ([message = '']) => `is no Amazon States Language: ${message}`,
  task_without_retry: () => 'is not tried again: one throttled call ends the execution (Retry)',
  task_without_catch: () => 'has no Catch: where it fails, the execution ends without a word to anybody',
  task_without_timeout: () => 'has no time-out: it may hang as long as the execution may (TimeoutSeconds)',
  task_without_permission: ([state = '']) =>
    `calls a function, and the policy's "steps" do not name "${state}": withBaton() refuses it`,
  step_without_task: ([state = '']) => `names "${state}", which is no task of the definition that calls a function`,
  step_of_other_function: ([state = '', called = '', expected = '']) =>
    `calls "${called}", but the policy's step "${state}" is for "${expected}"`,
  task_without_caller: (missing) =>
    `does not hand on ${missing.join(', ')} from the context ($$), so withBaton() refuses it`,
  task_without_approval: ([, state = '']) =>
    `does not hand on "approval", the output of "${state}" that the policy asks for: withBaton() refuses it`,
  approval_unasked: ([state = '']) =>
    `hands on an approval, and the policy's step "${state}" asks for none (approvedBy): withBaton() refuses it`,
  approval_without_state: ([state = '']) =>
    `names "${state}", which is no task of the definition that waits for an answer (.waitForTaskToken)`,
  approval_without_token: ([state = '', place = '']) =>
    ['Payload', 'MessageBody'].includes(place)
      ? `"${state}" does not hand on its token as "taskToken.$": "$$.Task.Token" in ${place}, where decide() reads it`
      : `"${state}" waits by ${place || 'another service'}: decide() reads the token of lambda:invoke and sqs:sendMessage`,
  token_elsewhere: ([state = '']) =>
    `puts the token of "${state}" where decide() does not read it: whoever sees it there can decide as anybody`,
  rejection_retried: ([state = '']) =>
    `tries "${state}" again where it is rejected: the question comes again until somebody approves`,
  approval_with_heartbeat: ([state = '']) => `ends "${state}" without heartbeats: people send none`,
  approval_in_map: ([state = '']) =>
    `has "${state}" wait once for each item: while several wait at a time, none can be decided`,
  approval_outlived: ([state = '', task = '']) =>
    `leads to "${task}" where "${state}" was not approved, and the machine comes to "${state}" again: what was approved the time before would count`,
  caller_from_data: () =>
    'takes the caller from the state’s data, which any state before can have changed: take $$.Execution.Input.caller',
  caller_overwritten: () => 'writes a "caller" into the data: a task that reads it there would act as somebody else',
  caller_dropped: ([task = '']) => `leaves the caller out of the data, where the task "${task}" reads it`,
  role_from_data: () =>
    'takes the role of a task from data, which callers can choose: write its ARN into the definition',
  secret_written: ([name = '']) =>
    `holds "${name}": a definition is no place for secrets, everybody who may see it reads them`,
  secret_in_data: ([name = '']) =>
    `passes "${name}" on: inputs and outputs stand in the execution's history, in logs and events`,
};

/** A finding as a sentence. */
export function definitionFindingText({ code, names }: Pick<DefinitionFinding, 'code' | 'names'>): string {
  return SENTENCES[code](names);
}
