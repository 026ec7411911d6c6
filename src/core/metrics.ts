import type { ErrorCode } from './error-codes';

/** An answered request, as it is counted. */
export interface RequestMeasure {
  /** The policy's entry that decided: method and path template, never the path that was asked for. */
  readonly route: string | undefined;
  /** Undefined where the client left before there was an answer. */
  readonly status: number | undefined;
  readonly durationMs: number;
}

/** A call of a function, as it is counted. */
export interface FunctionCallMeasure {
  /** Its name in the policy. */
  readonly function: string;
  /** `succeeded`, or the code of the error. */
  readonly outcome: 'succeeded' | ErrorCode;
  readonly durationMs: number;
}

/** Work that was to be left behind, as it is counted. */
export interface LeftWorkMeasure {
  /** The function's name in the policy. */
  readonly function: string;
  /** `left`, `known` where it had been left before under its key, or the code of the error. */
  readonly outcome: 'left' | 'known' | ErrorCode;
  /** How long it took until the work was on disk. */
  readonly durationMs: number;
}

/** The start of a workflow, as it is counted. */
export interface WorkflowStartMeasure {
  /** The workflow's name in the policy. */
  readonly workflow: string;
  /**
   * Of a Standard workflow `started`, or `known` where it was started before under its key; of an Express workflow, which is
   * waited for, `succeeded`; or the code of the error.
   */
  readonly outcome: 'started' | 'known' | 'succeeded' | ErrorCode;
  readonly durationMs: number;
}

/**
 * Where measures go. Nothing of a caller's choice is among them, so that their number stays small. A sink must not throw,
 * and should take no longer than a look into a map: it is called in each request.
 */
export interface MetricsSink {
  /** An answer has ended, or its client has left. */
  request(measure: RequestMeasure): void;
  /** A request was answered with an error of Baton's. */
  refused(code: ErrorCode): void;
  /** A function was called, or the call was refused. */
  functionCall(measure: FunctionCallMeasure): void;
  /** Work for a function was left behind, or was not taken in. */
  workLeft(measure: LeftWorkMeasure): void;
  /** A workflow was started, or its start was refused. */
  workflowStart(measure: WorkflowStartMeasure): void;
}
