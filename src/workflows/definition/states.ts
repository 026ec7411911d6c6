import { step } from '../../policy/shape';

/** Members of a definition, as it was written: nobody has checked their types. */
export type Members = Readonly<Record<string, unknown>>;

export const members = (value: unknown): Members =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Members) : {};

export const items = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);

export const textOf = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined);

/** A state, wherever in a state machine it stands. */
export interface LocatedState {
  readonly name: string;
  /** RFC 6901 JSON pointer into the definition. */
  readonly pointer: string;
  readonly state: Members;
  readonly language: 'JSONPath' | 'JSONata';
}

/** All states of a definition, those in branches and maps too. */
export function statesOf(definition: Members, pointer = '', inherited?: unknown): LocatedState[] {
  const machineLanguage = definition.QueryLanguage ?? inherited;
  return Object.entries(members(definition.States)).flatMap(([name, value]) => {
    const state = members(value);
    const at = step(step(pointer, 'States'), name);
    const language = (state.QueryLanguage ?? machineLanguage) === 'JSONata' ? 'JSONata' : 'JSONPath';
    const within = (member: string): LocatedState[] =>
      statesOf(members(state[member]), step(at, member), machineLanguage);
    const branches = items(state.Branches).flatMap((branch, index) =>
      statesOf(members(branch), step(step(at, 'Branches'), index), machineLanguage),
    );
    return [{ name, pointer: at, state, language }, ...branches, ...within('ItemProcessor'), ...within('Iterator')];
  });
}

/** A member of what a state writes or sends, at any depth. */
export interface Leaf {
  readonly pointer: string;
  /** Its name, without the `.$` that marks a path. */
  readonly name: string;
  readonly value: unknown;
  /** Whether it is filled while the workflow runs: a path, a context path, an intrinsic function or a JSONata expression. */
  readonly dynamic: boolean;
}

/** The texts, numbers and truths in a template, with their names. */
export function leavesOf(template: unknown, pointer: string, name = ''): Leaf[] {
  if (Array.isArray(template)) {
    return template.flatMap((item, index) => leavesOf(item, step(pointer, index), name));
  }
  if (typeof template === 'object' && template !== null) {
    return Object.entries(template).flatMap(([key, value]) => leavesOf(value, step(pointer, key), key));
  }
  const dynamic = name.endsWith('.$') || (typeof template === 'string' && /^\{%.*%\}$/s.test(template));
  return [{ pointer, name: name.replace(/\.\$$/, ''), value: template, dynamic }];
}

/** The members of a state that hold templates: what it sends, and what it makes of its data. */
export const TEMPLATES = [
  'Parameters',
  'Arguments',
  'Result',
  'ResultSelector',
  'ItemSelector',
  'Assign',
  'Output',
] as const;
