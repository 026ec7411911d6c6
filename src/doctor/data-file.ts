import type { CollectionTag, Node, Scalar, ScalarTag, YAMLMap, YAMLSeq } from 'yaml';
import { BatonError } from '../core/errors';
import type { Place } from './finding';

/** A step of a path into a document: a member's name, or an index. */
export type Step = string | number;

/**
 * A JSON or YAML file: its value, and the line of everything in it. CloudFormation's short forms are read as their long
 * ones: `!Ref Api` is `{ Ref: 'Api' }`, `!GetAtt Api.Arn` is `{ 'Fn::GetAtt': ['Api', 'Arn'] }`, `!Sub x` is
 * `{ 'Fn::Sub': 'x' }`.
 */
export interface DataFile {
  /** Name in findings. */
  readonly file: string;
  readonly value: unknown;
  /** Where the member at a path stands; of a path that leads nowhere, the last step that is there. */
  place(path: readonly Step[]): Place;
}

const SHORT_FORMS =
  'Ref Condition And Base64 Cidr Equals FindInMap GetAtt GetAZs If ImportValue Join Length Not Or Select Split Sub ToJsonString Transform'.split(
    ' ',
  );

type Yaml = typeof import('yaml');

/** The long form of a short form's name and value. */
function longForm(name: string, value: unknown): Readonly<Record<string, unknown>> {
  if (name === 'Ref' || name === 'Condition') return { [name]: value };
  const [resource, ...attribute] = name === 'GetAtt' && typeof value === 'string' ? value.split('.') : [];
  return { [`Fn::${name}`]: resource === undefined ? value : [resource, attribute.join('.')] };
}

/** A list or map whose plain value is wrapped; it stays a node until then, since what is in it may have tags too. */
function wrapped<T extends YAMLMap | YAMLSeq>(name: string, node: T): T {
  const plain = node.toJSON.bind(node) as (...args: unknown[]) => unknown;
  return Object.assign(node, { toJSON: (...args: unknown[]) => longForm(name, plain(...args)) });
}

/** The tags of CloudFormation, each of which may stand before a scalar, a list or a map. */
function cloudFormationTags(): (ScalarTag | CollectionTag)[] {
  return SHORT_FORMS.flatMap((name): (ScalarTag | CollectionTag)[] => [
    { tag: `!${name}`, resolve: (text: string) => longForm(name, text) },
    { tag: `!${name}`, collection: 'map', resolve: (map) => wrapped(name, map as YAMLMap) },
    { tag: `!${name}`, collection: 'seq', resolve: (seq) => wrapped(name, seq as YAMLSeq) },
  ]);
}

/**
 * Reads JSON or YAML.
 *
 * @param file name in findings
 * @throws BatonError `option_invalid` with file name and line where it is neither
 */
export function parseDataFile(file: string, text: string): DataFile {
  const yaml = require('yaml') as Yaml;
  const lines = new yaml.LineCounter();
  const document = yaml.parseDocument(text.replace(/^\uFEFF/, ''), {
    lineCounter: lines,
    customTags: cloudFormationTags(),
    prettyErrors: true,
  });
  const [error] = document.errors;
  if (error !== undefined) {
    const line = error.linePos?.[0].line ?? 1;
    throw new BatonError('option_invalid', `${file}, line ${line}: ${error.message.split('\n')[0] ?? ''}`, {
      cause: error,
    });
  }
  const place = (path: readonly Step[]): Place => {
    const range = nodeAt(yaml, document.contents, path)?.range;
    const { line, col } = lines.linePos(range?.[0] ?? 0);
    return { file, line: Math.max(line, 1), column: Math.max(col, 1) };
  };
  return { file, value: document.toJS() as unknown, place };
}

/** The key of the deepest member on the path that is there: that is the line people look for. */
function nodeAt(yaml: Yaml, root: Node | null, path: readonly Step[]): Node | null {
  let shown = root;
  let node: unknown = root;
  for (const step of path) {
    if (yaml.isMap(node)) {
      const pair = node.items.find(({ key }) => String((key as Scalar).value) === String(step));
      // A long form of what is written short has no member of its own.
      if (pair === undefined) return shown;
      shown = pair.key as Node;
      node = pair.value;
    } else if (yaml.isSeq(node)) {
      const item = node.items[Number(step)];
      if (item === undefined) return shown;
      shown = item as Node;
      node = item;
    } else return shown;
  }
  return shown;
}
