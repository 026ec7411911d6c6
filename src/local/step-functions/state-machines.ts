import { ServiceError } from './service-error';
import { checkName, readMachineText, type LoadedMachine, type StateMachineType } from './state-machine';

/** What a state machine is made from. */
export interface MachineInput {
  readonly name: string;
  readonly definitionText: string;
  readonly type: StateMachineType;
  readonly roleArn: string;
  readonly createdAtMs: number;
}

/** More are not kept: a test that makes one for each run must not fill the memory. Source: Step Functions quotas. */
const MAX_MACHINES = 10_000;

/** The state machines, by ARN. */
export class StateMachines {
  readonly #all = new Map<string, LoadedMachine>();
  readonly #prefix: string;

  constructor(region: string, accountId: string) {
    this.#prefix = `arn:aws:states:${region}:${accountId}:stateMachine:`;
  }

  find(arn: string): LoadedMachine | undefined {
    return this.#all.get(arn);
  }

  arnOf(name: string): string {
    return `${this.#prefix}${name}`;
  }

  get all(): readonly LoadedMachine[] {
    return [...this.#all.values()];
  }

  /**
   * Makes a state machine; the same once more is the one that is there.
   * @throws ServiceError `InvalidName`, `InvalidDefinition`, `StateMachineAlreadyExists`, `StateMachineLimitExceeded`
   */
  create({ name, definitionText, type, roleArn, createdAtMs }: MachineInput): LoadedMachine {
    checkName(name);
    const definition = readMachineText(definitionText, type);
    const arn = this.arnOf(name);
    const existing = this.#all.get(arn);
    if (existing !== undefined) {
      const same = existing.definitionText === definitionText && existing.type === type && existing.roleArn === roleArn;
      if (same) return existing;
      throw new ServiceError('StateMachineAlreadyExists', `State Machine Already Exists: '${arn}'`);
    }
    if (this.#all.size >= MAX_MACHINES)
      throw new ServiceError('StateMachineLimitExceeded', 'There are too many state machines.');
    const machine = { name, arn, type, roleArn, definitionText, definition, createdAtMs };
    this.#all.set(arn, machine);
    return machine;
  }
}
