/** A task of a workflow that a function of the policy does. */
export interface StepDocument {
  /** The function's name in the policy. */
  readonly function: string;
  /** What the caller needs for this step; it stands in place of the function's own permission. */
  readonly permission: string;
  /** The state whose approval must be shown before the function does it, out of the workflow's `approvals`. */
  readonly approvedBy?: string;
}

/** A state that waits for a person's decision. */
export interface ApprovalDocument {
  /** What a person needs to decide. */
  readonly permission: string;
  /** Whether who started the workflow may decide it too. Default: nobody decides their own request. */
  readonly ownRequests?: boolean;
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
  /** The states that wait for a person, by their names. */
  readonly approvals?: Readonly<Record<string, ApprovalDocument>>;
  /** Roles that see everybody's executions; others see those that they started. */
  readonly viewers?: string | readonly string[];
  /** The file of the state machine's definition (Amazon States Language), from the policy file's folder. */
  readonly definition?: string;
  /** The CloudWatch log group that has its records at level ALL, for the auditor; for `EXPRESS`, which has no history. */
  readonly logGroup?: string;
}

/** The approval of this state; undefined where the workflow has none. */
export function approvalOf(
  { approvals = {} }: Pick<WorkflowDocument, 'approvals'> = {},
  state: string,
): ApprovalDocument | undefined {
  return Object.hasOwn(approvals, state) ? approvals[state] : undefined;
}
