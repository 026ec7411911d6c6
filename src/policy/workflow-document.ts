/** A task of a workflow that a function of the policy does. */
export interface StepDocument {
  /** The function's name in the policy. */
  readonly function: string;
  /** What the caller needs for this step; it stands in place of the function's own permission. */
  readonly permission: string;
}

/** A state machine that the application starts as its caller. */
export interface WorkflowDocument {
  /** ARN of the state machine, with version or alias where wanted. Also the audience of its hand-over tokens. */
  readonly target: string;
  /** Default: `STANDARD`. */
  readonly type?: 'STANDARD' | 'EXPRESS';
  readonly permission: string;
  /** How long `startSync()` waits at most, in seconds; for `EXPRESS`. */
  readonly timeoutSeconds?: number;
  /** How long after its start a step may begin at most, in seconds. */
  readonly deadlineSeconds?: number;
  /** By the state's name. */
  readonly steps?: Readonly<Record<string, StepDocument>>;
  /** Roles that see everybody's executions; others see those that they started. */
  readonly viewers?: string | readonly string[];
  /** The file of the state machine's definition (Amazon States Language), from the policy file's folder. */
  readonly definition?: string;
}
