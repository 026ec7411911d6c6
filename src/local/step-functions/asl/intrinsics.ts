import { createHash, randomUUID } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import { isRecord } from '../../is-record';
import { evaluatePath, readPath, type JsonPath, type Scope } from './json-path';
import { runtimeError, StatesError } from './states-error';

/** A call of an intrinsic function: `States.Format('{}', $.name)`. */
export interface IntrinsicCall {
  readonly name: string;
  readonly args: readonly Argument[];
}

type Argument =
  | { readonly kind: 'literal'; readonly value: unknown }
  | { readonly kind: 'path'; readonly path: JsonPath }
  | { readonly kind: 'call'; readonly call: IntrinsicCall };

type Implementation = (...args: readonly unknown[]) => unknown;

const failed = (why: string): StatesError => new StatesError('States.IntrinsicFailure', why);

function list(value: unknown): readonly unknown[] {
  if (!Array.isArray(value)) throw failed('A list is needed where another value was given.');
  return value;
}

function text(value: unknown): string {
  if (typeof value !== 'string') throw failed('A string is needed where another value was given.');
  return value;
}

function integer(value: unknown): number {
  if (typeof value !== 'number' || !Number.isFinite(value))
    throw failed('A number is needed where another value was given.');
  return Math.round(value);
}

function format(template: unknown, ...values: readonly unknown[]): string {
  let next = 0;
  const filled = text(template).replace(/\\([{}\\'])|\{\}/g, (_, escaped: string | undefined) => {
    if (escaped !== undefined) return escaped;
    const value = values[next++];
    if (next > values.length) throw failed('States.Format has fewer arguments than its template has {}.');
    return typeof value === 'string' ? value : JSON.stringify(value);
  });
  if (next !== values.length) throw failed('States.Format has more arguments than its template has {}.');
  return filled;
}

function parseJson(value: unknown): unknown {
  try {
    return JSON.parse(text(value));
  } catch (error) {
    throw error instanceof StatesError ? error : failed('States.StringToJson was given no JSON.');
  }
}

function partition(value: unknown, size: unknown): unknown[] {
  const items = list(value);
  const length = integer(size);
  if (length <= 0) throw failed('The size of a chunk must be positive.');
  return Array.from({ length: Math.ceil(items.length / length) }, (_, i) => items.slice(i * length, (i + 1) * length));
}

const MAX_RANGE = 1000;

function range(first: unknown, last: unknown, by: unknown): number[] {
  const [from, to, step] = [integer(first), integer(last), integer(by)];
  if (step === 0) throw failed('The step of States.ArrayRange must not be 0.');
  const count = Math.max(0, Math.floor((to - from) / step) + 1);
  if (count > MAX_RANGE) throw failed('States.ArrayRange makes at most 1,000 elements.');
  return Array.from({ length: count }, (_, i) => from + i * step);
}

function merge(first: unknown, second: unknown, deep: unknown): unknown {
  if (deep !== false) throw failed('States.JsonMerge merges only shallowly: its third argument must be false.');
  if (!isRecord(first) || !isRecord(second)) throw failed('States.JsonMerge needs two objects.');
  return { ...first, ...second };
}

const HASHES = new Map(['MD5', 'SHA-1', 'SHA-256', 'SHA-384', 'SHA-512'].map((name) => [name, name.replace('-', '')]));

function hash(data: unknown, algorithm: unknown): string {
  const name = HASHES.get(text(algorithm));
  if (name === undefined) throw failed('States.Hash knows MD5, SHA-1, SHA-256, SHA-384 and SHA-512.');
  return createHash(name)
    .update(typeof data === 'string' ? data : JSON.stringify(data))
    .digest('hex');
}

function split(value: unknown, separators: unknown): string[] {
  const characters = new Set(text(separators));
  const parts = [''];
  for (const character of text(value)) {
    if (characters.has(character)) parts.push('');
    else parts.push((parts.pop() ?? '') + character);
  }
  return parts.filter((part) => part !== '');
}

/** A number that the same seed always gives: enough for tests of machines that hand in a seed. */
function random(from: unknown, to: unknown, seed: unknown): number {
  const [low, high] = [integer(from), integer(to)];
  if (high <= low) throw failed('States.MathRandom needs a start below its end.');
  const share =
    seed === undefined
      ? Math.random()
      : createHash('sha256')
          .update(String(integer(seed)))
          .digest()
          .readUInt32BE(0) /
        2 ** 32;
  return low + Math.floor(share * (high - low));
}

function item(value: unknown, index: unknown): unknown {
  const items = list(value);
  const position = integer(index);
  if (position < 0 || position >= items.length) throw failed('States.ArrayGetItem: the index is outside the list.');
  return items[position];
}

function unique(value: unknown): unknown[] {
  const kept: unknown[] = [];
  for (const one of list(value)) if (!kept.some((other) => isDeepStrictEqual(other, one))) kept.push(one);
  return kept;
}

/** Every function with the fewest and the most arguments that it takes. */
const FUNCTIONS: Readonly<Record<string, readonly [Implementation, number, number]>> = {
  'States.Format': [format, 1, Infinity],
  'States.StringToJson': [parseJson, 1, 1],
  'States.JsonToString': [(value) => JSON.stringify(value), 1, 1],
  'States.Array': [(...items) => [...items], 0, Infinity],
  'States.ArrayPartition': [partition, 2, 2],
  'States.ArrayContains': [(items, one) => list(items).some((other) => isDeepStrictEqual(other, one)), 2, 2],
  'States.ArrayRange': [range, 3, 3],
  'States.ArrayGetItem': [item, 2, 2],
  'States.ArrayLength': [(items) => list(items).length, 1, 1],
  'States.ArrayUnique': [unique, 1, 1],
  'States.Base64Encode': [(value) => Buffer.from(text(value), 'utf8').toString('base64'), 1, 1],
  'States.Base64Decode': [(value) => Buffer.from(text(value), 'base64').toString('utf8'), 1, 1],
  'States.Hash': [hash, 2, 2],
  'States.JsonMerge': [merge, 3, 3],
  'States.MathRandom': [random, 2, 3],
  'States.MathAdd': [(a, b) => integer(a) + integer(b), 2, 2],
  'States.StringSplit': [split, 2, 2],
  'States.UUID': [() => randomUUID(), 0, 0],
};

/** Reads calls from left to right. */
class Reader {
  #rest: string;

  constructor(source: string) {
    this.#rest = source;
  }

  get done(): boolean {
    return this.#rest === '';
  }

  #take(pattern: RegExp): RegExpExecArray | undefined {
    const found = pattern.exec(this.#rest);
    if (found === null) return undefined;
    this.#rest = this.#rest.slice(found[0].length);
    return found;
  }

  call(): IntrinsicCall | undefined {
    const name = this.#take(/^\s*(States\.[A-Za-z0-9]+)\s*\(\s*/)?.[1];
    const known = name !== undefined && Object.hasOwn(FUNCTIONS, name) ? FUNCTIONS[name] : undefined;
    if (name === undefined || known === undefined) return undefined;
    const args: Argument[] = [];
    if (!this.#take(/^\)\s*/)) {
      do {
        const argument = this.#argument();
        if (argument === undefined) return undefined;
        args.push(argument);
      } while (this.#take(/^\s*,\s*/));
      if (!this.#take(/^\s*\)\s*/)) return undefined;
    }
    return args.length >= known[1] && args.length <= known[2] ? { name, args } : undefined;
  }

  #argument(): Argument | undefined {
    // Backslashes are taken off but for those before braces, which are States.Format's own.
    const string = this.#take(/^'((?:[^'\\]|\\.)*)'/)?.[1];
    if (string !== undefined) return { kind: 'literal', value: string.replace(/\\(['\\])/g, '$1') };
    const literal = this.#take(/^(?:-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null)(?=\s*[,)])/)?.[0];
    if (literal !== undefined) return { kind: 'literal', value: JSON.parse(literal) as unknown };
    const given = this.#take(/^\$(?:[^,()[\]\s]|\[[^\]]*\])*/)?.[0];
    if (given !== undefined) {
      const path = readPath(given);
      return path && { kind: 'path', path };
    }
    const call = this.call();
    return call && { kind: 'call', call };
  }
}

/**
 * Reads a call.
 * @returns undefined where it is none, its function is not known or has other arguments
 */
export function readCall(source: string): IntrinsicCall | undefined {
  const reader = new Reader(source);
  const call = reader.call();
  return reader.done ? call : undefined;
}

/**
 * The paths that a call names, also in the calls inside it.
 */
export function pathsOf(call: IntrinsicCall): readonly JsonPath[] {
  return call.args.flatMap((argument) => {
    if (argument.kind === 'path') return [argument.path];
    return argument.kind === 'call' ? pathsOf(argument.call) : [];
  });
}

/**
 * Calls the function.
 * @throws StatesError `States.IntrinsicFailure`, `States.Runtime`
 */
export function evaluateCall({ name, args }: IntrinsicCall, scope: Scope): unknown {
  const values = args.map((argument) => {
    if (argument.kind === 'literal') return argument.value;
    if (argument.kind === 'call') return evaluateCall(argument.call, scope);
    const found = evaluatePath(argument.path, scope);
    if (found === undefined)
      throw runtimeError(
        `The JsonPath argument for the field '${argument.path.text}' could not be found in the input '${JSON.stringify(scope.data)}'`,
      );
    return found.value;
  });
  const implementation = FUNCTIONS[name]?.[0];
  if (implementation === undefined) throw failed(`${name} is no intrinsic function.`);
  return implementation(...values);
}
