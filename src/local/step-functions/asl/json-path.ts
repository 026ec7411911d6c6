import { isRecord } from '../../is-record';

/** What paths are looked up in. */
export interface Scope {
  /** `$` */
  readonly data: unknown;
  /** `$$`, the context object. */
  readonly context: unknown;
  /** `$name`, what `Assign` kept. */
  readonly variables: Readonly<Record<string, unknown>>;
}

type Segment =
  | { readonly kind: 'member'; readonly name: string }
  | { readonly kind: 'index'; readonly index: number }
  | { readonly kind: 'slice'; readonly from: number | undefined; readonly to: number | undefined }
  | { readonly kind: 'union'; readonly parts: readonly (string | number)[] }
  | { readonly kind: 'all' }
  | { readonly kind: 'deep' };

/** A path that was read. */
export interface JsonPath {
  readonly text: string;
  readonly root: 'data' | 'context' | { readonly variable: string };
  readonly segments: readonly Segment[];
  /** Whether it names one place; other paths give a list. */
  readonly definite: boolean;
}

const ROOT = /^(?:\$\$|\$([A-Za-z_][A-Za-z0-9_]*)|\$)/;
/** One step: `.name`, `.*`, `..`, or something in brackets. */
const STEP =
  /^(?:\.\.(?=[^.])|\.(\*|[\p{L}\p{N}_][\p{L}\p{N}_-]*)|\[\s*(\*|-?\d+|-?\d*\s*:\s*-?\d*|(?:'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*"|-?\d+)(?:\s*,\s*(?:'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*"|-?\d+))*)\s*\])/u;
const NAME = /^(\*|[\p{L}\p{N}_][\p{L}\p{N}_-]*)/u;
const PART = /'((?:[^'\\]|\\.)*)'|"((?:[^"\\]|\\.)*)"|(-?\d+)/g;

const dotted = (name: string): Segment => (name === '*' ? { kind: 'all' } : { kind: 'member', name });

function bracketed(content: string): Segment {
  if (content === '*') return { kind: 'all' };
  const slice = /^(-?\d*)\s*:\s*(-?\d*)$/.exec(content);
  if (slice) {
    const bound = (text: string | undefined): number | undefined => (text ? Number(text) : undefined);
    return { kind: 'slice', from: bound(slice[1]), to: bound(slice[2]) };
  }
  const parts = [...content.matchAll(PART)].map(([, single, double, index]) =>
    index === undefined ? (single ?? double ?? '').replace(/\\(.)/g, '$1') : Number(index),
  );
  const [first] = parts;
  if (parts.length > 1 || first === undefined) return { kind: 'union', parts };
  return typeof first === 'number' ? { kind: 'index', index: first } : { kind: 'member', name: first };
}

function readSegments(text: string): Segment[] | undefined {
  const segments: Segment[] = [];
  for (let rest = text; rest !== '';) {
    const found = STEP.exec(rest);
    if (found === null) return undefined;
    rest = rest.slice(found[0].length);
    if (found[1] !== undefined) segments.push(dotted(found[1]));
    else if (found[2] !== undefined) segments.push(bracketed(found[2]));
    else {
      segments.push({ kind: 'deep' });
      const name = NAME.exec(rest)?.[1];
      if (name !== undefined) {
        segments.push(dotted(name));
        rest = rest.slice(name.length);
      } else if (!rest.startsWith('[')) return undefined;
    }
  }
  return segments;
}

const cache = new Map<string, JsonPath>();
const MAX_CACHED = 10_000;

/**
 * Reads a path: names, indices, slices, unions, `*` and `..`. Filters and scripts (`[?(…)]`, `[(…)]`) are not read: what they
 * mean differs from one library to the next.
 * @returns undefined where it is none of these
 */
export function readPath(text: string): JsonPath | undefined {
  const known = cache.get(text);
  if (known !== undefined) return known;
  const root = ROOT.exec(text);
  if (root === null) return undefined;
  const segments = readSegments(text.slice(root[0].length));
  if (segments === undefined) return undefined;
  const [, variable] = root;
  const path: JsonPath = {
    text,
    root: variable !== undefined ? { variable } : root[0] === '$$' ? 'context' : 'data',
    segments,
    definite: segments.every(({ kind }) => kind === 'member' || kind === 'index'),
  };
  if (cache.size < MAX_CACHED) cache.set(text, path);
  return path;
}

function* descendants(value: unknown): Generator {
  yield value;
  if (typeof value !== 'object' || value === null) return;
  for (const inner of Object.values(value)) yield* descendants(inner);
}

const at = (list: readonly unknown[], index: number): unknown => list[index < 0 ? list.length + index : index];

function pick(value: unknown, part: string | number): unknown[] {
  if (typeof part === 'number') {
    const found = Array.isArray(value) ? at(value, part) : undefined;
    return found === undefined ? [] : [found];
  }
  return isRecord(value) && Object.hasOwn(value, part) ? [value[part]] : [];
}

function follow(segment: Segment, value: unknown): unknown[] {
  switch (segment.kind) {
    case 'member':
      return pick(value, segment.name);
    case 'index':
      return pick(value, segment.index);
    case 'union':
      return segment.parts.flatMap((part) => pick(value, part));
    case 'slice':
      return Array.isArray(value) ? value.slice(segment.from, segment.to) : [];
    case 'all':
      return typeof value === 'object' && value !== null ? Object.values(value) : [];
    case 'deep':
      return [...descendants(value)];
  }
}

/** What a path finds: one value, a list where it can find several, or nothing. */
export function evaluatePath(path: JsonPath, scope: Scope): { readonly value: unknown } | undefined {
  const { root } = path;
  let start: unknown;
  if (root === 'data') start = scope.data;
  else if (root === 'context') start = scope.context;
  else if (Object.hasOwn(scope.variables, root.variable)) start = scope.variables[root.variable];
  else return undefined;
  let values: unknown[] = [start];
  for (const segment of path.segments) values = values.flatMap((value) => follow(segment, value));
  if (!path.definite) return { value: values };
  return values.length === 0 ? undefined : { value: values[0] };
}

/**
 * A copy of `target` with `value` put at a path of names and indices (a reference path); objects on the way are made.
 * @returns undefined where the path leads through something that has no such member
 */
export function putAt(path: JsonPath, target: unknown, value: unknown): { readonly value: unknown } | undefined {
  const put = (inner: unknown, [segment, ...rest]: readonly Segment[]): unknown => {
    if (segment === undefined) return value;
    if (segment.kind === 'index') {
      if (!Array.isArray(inner) || segment.index < 0 || segment.index >= inner.length) throw new RangeError();
      return inner.map((item, index) => (index === segment.index ? put(item, rest) : (item as unknown)));
    }
    if (segment.kind !== 'member' || (inner !== undefined && !isRecord(inner))) throw new RangeError();
    const next = put(inner !== undefined && Object.hasOwn(inner, segment.name) ? inner[segment.name] : undefined, rest);
    return Object.fromEntries([
      ...Object.entries(inner ?? {}).filter(([name]) => name !== segment.name),
      [segment.name, next],
    ]);
  };
  try {
    return { value: put(target, path.segments) };
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}
