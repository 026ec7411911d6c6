import { step } from '../../policy/shape';
import { definitionFinding, type DefinitionFinding } from './finding';
import { items, leavesOf, members, TEMPLATES, textOf, type Leaf, type LocatedState } from './states';

/** `$.caller` and what is in it, in every spelling, also inside an intrinsic function; never `$$.Execution.Input.caller`. */
const READS_CALLER =
  /(^|[^$\w])\$(\.{1,2}caller|[.]*\[\s*(['"])caller\3\s*\])(?![\w-])|\$states\.input\.caller(?![\w-])/;

const templateLeaves = ({ state, pointer }: LocatedState): Leaf[] =>
  TEMPLATES.flatMap((member) => leavesOf(state[member], step(pointer, member), member));

const readsCaller = ({ value }: Leaf): boolean => typeof value === 'string' && READS_CALLER.test(value);

/** A task's role must stand in the definition: whoever chooses it chooses what the task may do in AWS. */
export function roles({ state, pointer }: LocatedState): DefinitionFinding[] {
  return leavesOf(state.Credentials, step(pointer, 'Credentials'))
    .filter(({ dynamic }) => dynamic)
    .map((leaf) => definitionFinding('role_from_data', leaf.pointer));
}

/** Whether the data that a state leaves behind still has the caller in it, as far as its members tell. */
function dropsCaller({ state, language }: LocatedState): string | undefined {
  const type = textOf(state.Type) ?? '';
  if (language === 'JSONata') {
    if (state.Output === undefined) return ['Task', 'Parallel', 'Map'].includes(type) ? '' : undefined;
    return leavesOf(state.Output, '').some(({ name }) => name === 'caller') ? undefined : 'Output';
  }
  const narrowed = (['InputPath', 'OutputPath'] as const).find(
    (name) => (state[name] ?? '$') !== '$' || state[name] === null,
  );
  const replaces = state.ResultPath === undefined || state.ResultPath === '$';
  if (narrowed === 'OutputPath') return narrowed;
  if (['Task', 'Parallel', 'Map'].includes(type)) return replaces ? 'ResultPath' : undefined;
  if (type !== 'Pass') return narrowed;
  const makes = state.Result !== undefined || state.Parameters !== undefined;
  return makes ? (replaces ? 'ResultPath' : undefined) : narrowed;
}

/** The caller in the data of the states: read there, written there, or left out where it is read. */
export function callers(states: readonly LocatedState[]): DefinitionFinding[] {
  const reading = states.flatMap((located) =>
    templateLeaves(located)
      .filter(readsCaller)
      .map((leaf) => ({ leaf, located })),
  );
  const [first] = reading;
  return [
    ...reading.map(({ leaf }) => definitionFinding('caller_from_data', leaf.pointer)),
    ...states.flatMap(overwrites),
    ...(first === undefined ? [] : states.flatMap((located) => drops(located, first.located.name))),
  ];
}

function drops(located: LocatedState, reader: string): DefinitionFinding[] {
  // The reader's own result comes after it has read.
  if (located.name === reader) return [];
  const at = dropsCaller(located);
  const pointer = at === undefined || at === '' ? located.pointer : step(located.pointer, at);
  const caught = items(located.state.Catch).flatMap((entry, index) =>
    (members(entry).ResultPath ?? '$') === '$' && located.language === 'JSONPath'
      ? [definitionFinding('caller_dropped', step(step(located.pointer, 'Catch'), index), reader)]
      : [],
  );
  return [...(at === undefined ? [] : [definitionFinding('caller_dropped', pointer, reader)]), ...caught];
}

/** Members that become the state's data: `caller` among them is one that the state made up. */
const MAKING_DATA: Readonly<Record<string, readonly string[]>> = {
  Pass: ['Parameters', 'Result', 'Output'],
  Task: ['ResultSelector', 'Output'],
  Parallel: ['ResultSelector', 'Output'],
  Map: ['ResultSelector', 'Output', 'ItemSelector'],
};

const FROM_CONTEXT = /^(\$\$\.Execution\.Input\.caller|\{%\s*\$states\.context\.Execution\.Input\.caller\s*%\})$/;

function overwrites({ state, pointer }: LocatedState): DefinitionFinding[] {
  const writesTo = [state, ...items(state.Catch).map(members)].filter(({ ResultPath }) =>
    /^\$(\.caller|\[\s*(['"])caller\2\s*\])(?![\w-])/.test(textOf(ResultPath) ?? ''),
  );
  // Under a path of its own, what a state makes is not where the caller is.
  const isWhole = state.ResultPath === undefined || state.ResultPath === '$';
  const made = (isWhole ? (MAKING_DATA[textOf(state.Type) ?? ''] ?? []) : []).flatMap((member) =>
    Object.entries(members(state[member])).flatMap(([name, value]) => {
      const isOwn = name.replace(/\.\$$/, '') === 'caller' && !FROM_CONTEXT.test(textOf(value) ?? '');
      return isOwn ? [definitionFinding('caller_overwritten', step(step(pointer, member), name))] : [];
    }),
  );
  return [...(writesTo.length > 0 ? [definitionFinding('caller_overwritten', pointer)] : []), ...made];
}

const SECRET_NAME =
  /^(.*[^a-z])?(password|passwd|passphrase|secret|api[-_]?key|private[-_]?key|secret[-_]?key|access[-_]?token|refresh[-_]?token|id[-_]?token|authorization|cookie)s?$/i;
const SECRET_TAIL =
  /(Password|Passphrase|Secret|ApiKey|PrivateKey|SecretKey|AccessToken|RefreshToken|IdToken|Authorization)s?$/;
/** AWS access keys, compact JWS, PEM: what is a secret whatever it is called. */
const SECRET_VALUE = /\b(AKIA|ASIA)[0-9A-Z]{16}\b|\beyJ[\w-]{8,}\.[\w-]+\.|-----BEGIN [A-Z ]*PRIVATE KEY-----/;

const isSecretName = (name: string): boolean => SECRET_NAME.test(name) || SECRET_TAIL.test(name);

/** The last member that a path or an expression takes: `$.user.password` reads a password whatever it is put under. */
const readMembers = (value: unknown): readonly string[] =>
  typeof value === 'string' ? [...value.matchAll(/[.']([A-Za-z_][\w-]*)/g)].map(([, name = '']) => name) : [];

/** Secrets that stand in the definition or are passed through the data of its states. */
export function secrets(located: LocatedState): DefinitionFinding[] {
  return templateLeaves(located).flatMap(({ pointer, name, value, dynamic }) => {
    const isSecret = isSecretName(name);
    if (!dynamic) {
      const shown = typeof value === 'string' && value !== '' && (isSecret || SECRET_VALUE.test(value));
      return shown ? [definitionFinding('secret_written', pointer, name)] : [];
    }
    const read = readMembers(value).find(isSecretName);
    return isSecret || read !== undefined ? [definitionFinding('secret_in_data', pointer, read ?? name)] : [];
  });
}
