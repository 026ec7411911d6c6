import type { LookTerms } from '../../src/workflows/run';
import type { HistoryEvent } from '../../src/workflows/visits';

/** An event as a test writes it: its number is its place, its time as many seconds after 1970. */
export interface MadeStep {
  readonly type: string;
  /** Default: the event before. */
  readonly after?: number;
  readonly name?: string;
  readonly error?: string;
}

/** The events of a history, numbered. */
export function madeEvents(steps: readonly MadeStep[], first = 1): HistoryEvent[] {
  return steps.map(({ type, after, name, error }, index) => {
    const id = first + index;
    const member = type.endsWith('StateEntered')
      ? 'stateEnteredEventDetails'
      : type.endsWith('StateExited')
        ? 'stateExitedEventDetails'
        : `${type.charAt(0).toLowerCase()}${type.slice(1)}EventDetails`;
    return {
      id,
      previousEventId: after ?? id - 1,
      type,
      timestamp: new Date(id * 1000),
      [member]: { ...(name !== undefined && { name }), ...(error !== undefined && { error }) },
    };
  });
}

/** A Step Functions of one execution in this process: time and what fails are the test's. */
export interface MadeRun {
  readonly events: HistoryEvent[];
  status: string;
  /** How often the history was asked for, and with which pages. */
  readonly looks: { readonly maxResults: number; readonly reverseOrder: boolean }[];
  /** Throws what AWS would say. */
  fails: (caller: string) => void;
  readonly access: LookTerms['access'];
}

/** @param answers resolves before each answer, so that a test can hold it back */
export function madeRun(events: HistoryEvent[], answers: () => Promise<unknown> = () => Promise.resolve()): MadeRun {
  class DescribeExecutionCommand {
    constructor(readonly input: unknown) {}
  }
  class GetExecutionHistoryCommand {
    constructor(readonly input: { maxResults: number; reverseOrder: boolean; nextToken?: string }) {}
  }
  const look = ({ maxResults, reverseOrder, nextToken = '0' }: GetExecutionHistoryCommand['input']): object => {
    made.looks.push({ maxResults, reverseOrder });
    const all = reverseOrder ? [...made.events].reverse() : made.events;
    const from = Number(nextToken);
    const next = from + maxResults;
    return { events: all.slice(from, next), ...(next < all.length && { nextToken: String(next) }) };
  };
  const clientOf = (caller: string) => ({
    send: async (command: object, { abortSignal }: { abortSignal?: AbortSignal } = {}): Promise<object> => {
      if (command instanceof DescribeExecutionCommand) return { name: 'x', status: made.status };
      await answers();
      abortSignal?.throwIfAborted();
      made.fails(caller);
      return look((command as GetExecutionHistoryCommand).input);
    },
  });
  const made: MadeRun = {
    events,
    status: 'RUNNING',
    looks: [],
    fails: () => undefined,
    access: (() => ({
      sdk: { DescribeExecutionCommand, GetExecutionHistoryCommand },
      client: (credentials?: { accessKeyId: string }) => clientOf(credentials?.accessKeyId ?? ''),
    })) as unknown as LookTerms['access'],
  };
  return made;
}
