import { BatonError } from '../../core/errors';
import { workflowError } from '../errors';
import { historyPages } from '../history-pages';
import type { SfnAccess } from '../sfn-client';
import { RunPathReader, type RunPath } from './run-path';

/** A state machine as AWS has it. */
export interface MachineAtAws {
  readonly arn: string;
  readonly type: string | undefined;
  /** Amazon States Language, as text. */
  readonly definition: string;
}

/** An execution as AWS has it, with the definition that it runs by. */
export interface RunAtAws {
  readonly arn: string;
  readonly machineArn: string;
  readonly status: string;
  readonly startedAt: Date | undefined;
  readonly endedAt: Date | undefined;
  readonly error: string | undefined;
  readonly cause: string | undefined;
  readonly redrives: number;
  readonly definition: string;
  readonly path: RunPath;
}

/** The name by which the errors of these calls speak of it. */
const nameIn = (arn: string): string => arn.split(':')[6] ?? arn;

async function asking<T>(arn: string, action: string, call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (thrown) {
    const { name } = thrown as Error;
    if (name === 'ExecutionDoesNotExist' || name === 'StateMachineDoesNotExist') {
      throw new BatonError('run_not_found', `AWS knows no ${arn}. It forgets executions 90 days after their end.`, {
        cause: thrown,
      });
    }
    throw workflowError({ name: nameIn(arn), arn, action: `states:${action}` }, thrown);
  }
}

/**
 * Looks at a state machine.
 * @throws BatonError `run_not_found`, `workflow_*`
 * @see https://docs.aws.amazon.com/step-functions/latest/apireference/API_DescribeStateMachine.html
 */
export async function lookAtMachine({ sdk, client }: SfnAccess, arn: string): Promise<MachineAtAws> {
  const answer = await asking(arn, 'DescribeStateMachine', () =>
    client(undefined).send(new sdk.DescribeStateMachineCommand({ stateMachineArn: arn })),
  );
  return { arn, type: answer.type, definition: answer.definition ?? '{}' };
}

/**
 * Looks at an execution of a Standard workflow: how it stands, the definition that it runs by, and its whole history, without
 * inputs and outputs.
 *
 * @throws BatonError `run_not_found`, `workflow_*`
 * @see https://docs.aws.amazon.com/step-functions/latest/apireference/API_DescribeStateMachineForExecution.html
 */
export async function lookAtRun({ sdk, client: clientFor }: SfnAccess, arn: string): Promise<RunAtAws> {
  const client = clientFor(undefined);
  const described = await asking(arn, 'DescribeExecution', () =>
    client.send(new sdk.DescribeExecutionCommand({ executionArn: arn })),
  );
  const machine = await asking(arn, 'DescribeStateMachineForExecution', () =>
    client.send(new sdk.DescribeStateMachineForExecutionCommand({ executionArn: arn })),
  );
  const path = new RunPathReader();
  for await (const events of historyPages({ sdk, client }, { executionArn: arn, workflow: nameIn(arn) })) {
    events.forEach((event) => path.add(event));
  }
  return {
    arn,
    machineArn: described.stateMachineArn ?? machine.stateMachineArn ?? '',
    status: described.status ?? 'RUNNING',
    startedAt: described.startDate,
    endedAt: described.stopDate,
    error: described.error,
    cause: described.cause,
    redrives: described.redriveCount ?? 0,
    definition: machine.definition ?? '{}',
    path,
  };
}
