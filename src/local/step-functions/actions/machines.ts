import type { LoadedMachine } from '../state-machine';
import { executionOf, machineOf, seconds, type Action } from './action';

/** What is off here, as AWS shows it when nobody switched it on. */
const OFF = {
  loggingConfiguration: { level: 'OFF', includeExecutionData: false },
  tracingConfiguration: { enabled: false },
};

const described = ({ arn, name, definitionText, roleArn }: LoadedMachine): object => ({
  stateMachineArn: arn,
  name,
  definition: definitionText,
  roleArn,
  ...OFF,
});

/** `CreateStateMachine` */
export const createStateMachine: Action = ({ machines, timers }, request) => {
  const machine = machines.create({
    name: request.requiredText('name'),
    definitionText: request.requiredText('definition', 1024 * 1024),
    type: request.choice('type', ['STANDARD', 'EXPRESS']) ?? 'STANDARD',
    roleArn: request.requiredText('roleArn'),
    createdAtMs: timers.now(),
  });
  return { stateMachineArn: machine.arn, creationDate: seconds(machine.createdAtMs) };
};

/** `DescribeStateMachine` */
export const describeStateMachine: Action = (service, request) => {
  const machine = machineOf(service, request);
  return { ...described(machine), status: 'ACTIVE', type: machine.type, creationDate: seconds(machine.createdAtMs) };
};

/** `DescribeStateMachineForExecution` */
export const describeStateMachineForExecution: Action = (service, request) => {
  const { machine } = executionOf(service, request).start;
  return { ...described(machine), updateDate: seconds(machine.createdAtMs) };
};

/** `ListStateMachines` */
export const listStateMachines: Action = ({ machines, pages }, request) => {
  const token = request.text('nextToken', 1024);
  const from = token === undefined ? 0 : pages.read(token, 'machines');
  const to = from + request.maxResults(100);
  const { all } = machines;
  return {
    stateMachines: all.slice(from, to).map(({ arn, name, type, createdAtMs }) => ({
      stateMachineArn: arn,
      name,
      type,
      creationDate: seconds(createdAtMs),
    })),
    ...(to < all.length && { nextToken: pages.make('machines', to) }),
  };
};
