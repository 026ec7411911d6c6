import { setTimeout as pause } from 'node:timers/promises';
import type { AwsCredentials } from '../core/credentials';
import { endedBy } from '../core/ended-by';
import { BatonError } from '../core/errors';
import { sentOnce } from '../credentials/corrected-clock';
import { calling, executionError } from './errors';
import { executionArn } from './execution-name';
import { digestOfText } from './input';
import type { PreparedStart } from './prepare';
import { runIdOf } from './run-id';
import type { SfnAccess } from './sfn-client';

/** An execution that was started: now, or before under the same key. */
export interface StartedExecution {
  /** What `run()` and `cancel()` take; fit for a URL. */
  readonly id: string;
  readonly executionArn: string;
  /** The execution's name, which the policy's workflow and the idempotency key give. */
  readonly name: string;
  readonly startedAt: Date;
  /** It was started before, by the same caller with the same key and input: nothing was started. */
  readonly alreadyStarted: boolean;
}

/** What a start is sent with. */
export interface SendTerms {
  readonly access: () => SfnAccess;
  readonly credentialsFor: (arn: string, action: string) => Promise<AwsCredentials | undefined>;
  /** The caller's own signal. */
  readonly signal: AbortSignal | undefined;
}

/** For a start and, where it was started before, the look at what runs. */
const START_TIMEOUT_MS = 10_000;
const DEFAULT_SYNC_TIMEOUT_SECONDS = 30;

const START = 'states:StartExecution';
const DESCRIBE = 'states:DescribeExecution';
const START_SYNC = 'states:StartSyncExecution';

/** Gives the work an end, and its failures the table's terms. */
async function within<T>(
  { workflow }: PreparedStart,
  timeoutMs: number,
  given: AbortSignal | undefined,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const timeout = AbortSignal.timeout(timeoutMs);
  const signal = given === undefined ? timeout : AbortSignal.any([timeout, given]);
  try {
    return await endedBy(signal, () => work(signal));
  } catch (cause) {
    if (cause instanceof BatonError) throw cause;
    if (given?.aborted) {
      const message = `The wait for the workflow "${workflow}" was ended by its caller. It may still be running.`;
      throw new BatonError('workflow_unavailable', message, { cause, reason: 'aborted' });
    }
    if (timeout.aborted) {
      const message = `The workflow "${workflow}" had no answer within ${timeoutMs} ms. It may still be running.`;
      throw new BatonError('workflow_timeout', message, { cause });
    }
    throw cause;
  }
}

const parameters = ({ document, name, input, traceHeader }: PreparedStart) => ({
  stateMachineArn: document.target,
  name,
  input,
  ...(traceHeader !== undefined && { traceHeader }),
});

/**
 * Starts an execution of a Standard workflow. AWS refuses a name that was there before, because each start brings a
 * hand-over of its own: then what runs under it is looked at, and is the same if it was asked for the same.
 *
 * @throws BatonError `idempotency_conflict`, `workflow_*`
 */
export function startExecution(start: PreparedStart, terms: SendTerms): Promise<StartedExecution> {
  const { workflow, name, document } = start;
  const arn = executionArn(document.target, name);
  return within(start, START_TIMEOUT_MS, terms.signal, (signal) =>
    calling({ name: workflow, arn: document.target, action: START }, async () => {
      const credentials = await terms.credentialsFor(document.target, START);
      const { sdk, client } = terms.access();
      try {
        const command = new sdk.StartExecutionCommand(parameters(start));
        const { executionArn: given, startDate } = await client(credentials).send(command, { abortSignal: signal });
        return startedAs(start, given ?? arn, startDate, false);
      } catch (thrown) {
        if ((thrown as Error).name !== 'ExecutionAlreadyExists') throw thrown;
        return calling({ name: workflow, arn, action: DESCRIBE }, () => knownExecution(start, arn, terms, signal));
      }
    }),
  );
}

/** A new execution can be looked at only a moment later (API reference: "eventually consistent"). */
const LOOK_AGAIN_AFTER_MS = [100, 400, 1500];

function startedAs(
  { workflow, name }: PreparedStart,
  executionArn: string,
  startDate: Date | undefined,
  alreadyStarted: boolean,
): StartedExecution {
  const id = runIdOf({ workflow, execution: name });
  return { id, executionArn, name, startedAt: startDate ?? new Date(NaN), alreadyStarted };
}

async function knownExecution(
  start: PreparedStart,
  arn: string,
  { access, credentialsFor }: SendTerms,
  signal: AbortSignal,
): Promise<StartedExecution> {
  const { workflow, inputSha256 } = start;
  const { sdk, client } = access();
  const credentials = await credentialsFor(arn, DESCRIBE);
  for (let looks = 0; ; looks += 1) {
    try {
      const command = new sdk.DescribeExecutionCommand({ executionArn: arn });
      const { input, startDate } = await client(credentials).send(command, { abortSignal: signal });
      const digest = digestOfText(input);
      if (digest !== inputSha256) throw conflict(workflow, digest === undefined);
      return startedAs(start, arn, startDate, true);
    } catch (thrown) {
      const delayMs = LOOK_AGAIN_AFTER_MS[looks];
      if ((thrown as Error).name !== 'ExecutionDoesNotExist' || delayMs === undefined) throw thrown;
      await pause(delayMs, undefined, { signal });
    }
  }
}

function conflict(workflow: string, isForeign: boolean): BatonError {
  const message = isForeign
    ? `The workflow "${workflow}" has an execution of this name already, whose input is none that Baton wrote.`
    : `The workflow "${workflow}" was started under this idempotency key before, with another input.`;
  return new BatonError('idempotency_conflict', message, { reason: isForeign ? 'foreign' : 'input' });
}

/**
 * Runs an Express workflow to its end. AWS answers 200 however it ended.
 * @throws BatonError `workflow_failed`, `workflow_timeout`, `permission_denied` (a step refused the caller), `workflow_*`
 */
export function startSyncExecution(start: PreparedStart, terms: SendTerms): Promise<unknown> {
  const { workflow, document } = start;
  const { timeoutSeconds = DEFAULT_SYNC_TIMEOUT_SECONDS } = document;
  return within(start, timeoutSeconds * 1000, terms.signal, (signal) =>
    calling({ name: workflow, arn: document.target, action: START_SYNC }, async () => {
      const credentials = await terms.credentialsFor(document.target, START_SYNC);
      const { sdk, onceClient } = terms.access();
      const command = new sdk.StartSyncExecutionCommand(parameters(start));
      const client = onceClient(credentials);
      const { status, output, error, cause } = await sentOnce(() => client.send(command, { abortSignal: signal }));
      if (status !== 'SUCCEEDED') throw executionError(workflow, { status, error, cause });
      return outputOf(workflow, output);
    }),
  );
}

function outputOf(workflow: string, output: string | undefined): unknown {
  try {
    return JSON.parse(output ?? 'null') as unknown;
  } catch (cause) {
    throw new BatonError('workflow_failed', `The output of the workflow "${workflow}" is not JSON.`, { cause });
  }
}
