import type { State, StateMachine } from './asl/definition';

/** How far one line of states has come: the whole machine, one branch, or one iteration. What a redrive goes on from. */
export interface Frame {
  readonly machine: StateMachine;
  /** `$$.Map.Item` of an iteration. */
  readonly item: { readonly Index: number; readonly Value: unknown } | undefined;
  /** The state whose turn it is. */
  state: string;
  /** What it was given. */
  input: unknown;
  /** What `Assign` kept, the outer variables among it: an inner line reads those, and changes only its own. */
  variables: Readonly<Record<string, unknown>>;
  /** Set while the state is entered and not left. */
  enteredAtMs: number | undefined;
  enteredEventId: number;
  /** The event that the next one follows. */
  lastEventId: number;
  /** Branches or iterations of the state. */
  children: readonly Frame[] | undefined;
  /** How it ended. */
  output: { readonly value: unknown } | undefined;
}

/** A line of states before its first one. */
export function newFrame(
  machine: StateMachine,
  input: unknown,
  outer: Pick<Frame, 'lastEventId' | 'variables'>,
  item?: Frame['item'],
): Frame {
  return {
    machine,
    item,
    state: machine.StartAt,
    input,
    variables: outer.variables,
    enteredAtMs: undefined,
    enteredEventId: 0,
    lastEventId: outer.lastEventId,
    children: undefined,
    output: undefined,
  };
}

/** The state whose turn it is. The load has made sure that it is there. */
export function currentState({ machine, state }: Frame): State {
  const found = machine.States[state];
  if (found === undefined) throw new Error(`There is no state "${state}".`);
  return found;
}

/** Makes what is not finished follow an event: what a redrive runs again is its doing. */
export function resumeAfter(frame: Frame, eventId: number): void {
  if (frame.output !== undefined) return;
  frame.lastEventId = eventId;
  // A Fail state is entered again; all others are still entered. Source: developer guide, "Redriving executions".
  if (currentState(frame).Type === 'Fail') frame.enteredAtMs = undefined;
  for (const child of frame.children ?? []) resumeAfter(child, eventId);
}
