import { asBatonError } from '../core/errors';
import type { KeyFinder } from '../jws/keys';
import type { HandOverDocument, WorkflowDocument } from '../policy/document';
import { workflowDeadlineSeconds } from '../policy/workflow-schema';
import { verifyHandOverToken, type VerifiedHandOver } from '../token/hand-over-token';
import { digestOfText } from './input';

/** An execution as AWS describes it. */
export interface DescribedExecution {
  readonly name: string;
  readonly input?: string | undefined;
  readonly startDate?: Date | undefined;
}

/** More than the app's own margin, and than any two clocks should be apart. */
const MARGIN_SECONDS = 360;

/**
 * The hand-over in an execution's input, verified; undefined where it has none that holds. What else the input
 * says of a caller proves nothing: whoever may start the state machine in AWS can write it.
 *
 * The hand-over had to be good when the execution began, by AWS's clock. It is over after its deadline, and its execution
 * can still be looked at.
 */
export async function startOf(
  { name, input, startDate }: DescribedExecution,
  workflow: WorkflowDocument,
  { issuer, algorithms, clockToleranceSeconds = MARGIN_SECONDS }: HandOverDocument,
  keys: KeyFinder,
): Promise<VerifiedHandOver | undefined> {
  const token = handOverIn(input);
  if (token === undefined || startDate === undefined) return undefined;
  const maxLifetimeSeconds = workflowDeadlineSeconds(workflow) + MARGIN_SECONDS;
  const expected = {
    issuer,
    algorithms,
    keys,
    audiences: [workflow.target],
    clockToleranceSeconds,
    maxLifetimeSeconds,
    maxLeftWorkSeconds: maxLifetimeSeconds,
  };
  try {
    const startedAt = Math.floor(startDate.getTime() / 1000);
    const start = await verifyHandOverToken(token, expected, startedAt);
    const { work } = start;
    return work?.id === name && work.payloadSha256 === digestOfText(input) ? start : undefined;
  } catch (thrown) {
    if (asBatonError(thrown).code === 'token_invalid') return undefined;
    throw thrown;
  }
}

function handOverIn(input: string | undefined): string | undefined {
  try {
    const { caller } = JSON.parse(input ?? '') as { readonly caller?: { readonly handOver?: unknown } };
    return typeof caller?.handOver === 'string' ? caller.handOver : undefined;
  } catch {
    return undefined;
  }
}
