import { readdirSync, readFileSync, statSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import path from 'node:path';
import ts from 'typescript';

/** The room of the files that lie directly in `src`. */
const FACES = '*.ts';

/** Stands for a name that is no literal, among the specifiers and in the table. */
export const COMPUTED = '(computed)';

export interface Room {
  readonly layer: number;
  readonly packages: ReadonlySet<string>;
}

export interface Import {
  readonly specifier: string;
  readonly line: number;
  /** True where the compiler removes it: `import type`, `typeof import('x')`. */
  readonly typeOnly: boolean;
  /** True inside a function, where it runs only when that function is called. */
  readonly lazy: boolean;
}

/** Reads the layer table: `| layer | room | holds | may load |`, rooms and packages in backticks. */
export function parseLayerTable(markdown: string): Map<string, Room> {
  const rooms = new Map<string, Room>();
  for (const line of markdown.split('\n')) {
    const cells = /^\| *(\d+) *\|([^|]*)\|[^|]*\|([^|]*)\|$/.exec(line.trim());
    if (cells === null) continue;
    const [, layer, room = '', packages = ''] = cells;
    for (const name of backticked(room)) {
      const key = name.replace(/\/$/, '');
      if (rooms.has(key)) throw new Error(`The layer table names ${name} twice.`);
      rooms.set(key, { layer: Number(layer), packages: new Set(backticked(packages)) });
    }
  }
  return rooms;
}

function backticked(cell: string): string[] {
  return [...cell.matchAll(/`([^`]+)`/g)].map((match) => match[1]!);
}

/** All imports of a TypeScript file: static, re-exported, type, `require()`, `import()` and `import x = require()`. */
export function readImports(fileName: string, text: string): Import[] {
  const source = ts.createSourceFile(fileName, text, ts.ScriptTarget.Latest, true);
  const found: Import[] = [];
  const visit = (node: ts.Node, lazy: boolean): void => {
    const hit = importOf(node);
    if (hit !== undefined) {
      const line = source.getLineAndCharacterOfPosition(node.getStart(source)).line + 1;
      found.push({ ...hit, line, lazy });
    }
    const inside = lazy || ts.isFunctionLike(node);
    ts.forEachChild(node, (child) => visit(child, inside));
  };
  visit(source, false);
  return found;
}

function importOf(node: ts.Node): { specifier: string; typeOnly: boolean } | undefined {
  if (ts.isImportDeclaration(node)) return named(node.moduleSpecifier, isTypeImport(node.importClause));
  if (ts.isExportDeclaration(node) && node.moduleSpecifier) return named(node.moduleSpecifier, node.isTypeOnly);
  if (ts.isExternalModuleReference(node)) return named(node.expression, false);
  if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument)) return named(node.argument.literal, true);
  if (ts.isCallExpression(node) && isLoad(node.expression)) return named(node.arguments[0], false);
  return undefined;
}

/** `import type …`, or a list in which each name is marked `type`. */
function isTypeImport(clause: ts.ImportClause | undefined): boolean {
  if (clause === undefined) return false;
  if (clause.phaseModifier === ts.SyntaxKind.TypeKeyword) return true;
  const names = clause.namedBindings;
  return (
    clause.name === undefined &&
    names !== undefined &&
    ts.isNamedImports(names) &&
    names.elements.length > 0 &&
    names.elements.every((name) => name.isTypeOnly)
  );
}

function isLoad(callee: ts.Expression): boolean {
  if (callee.kind === ts.SyntaxKind.ImportKeyword) return true;
  if (ts.isPropertyAccessExpression(callee)) return isLoad(callee.expression) && callee.name.text === 'resolve';
  return ts.isIdentifier(callee) && callee.text === 'require';
}

function named(specifier: ts.Node | undefined, typeOnly: boolean): { specifier: string; typeOnly: boolean } {
  const literal = specifier !== undefined && ts.isStringLiteralLike(specifier);
  return { specifier: literal ? specifier.text : COMPUTED, typeOnly };
}

/** Holds all TypeScript files below `sourceRoot` against the table; gives one line for each thing that is wrong. */
export function checkLayers(sourceRoot: string, rooms: ReadonlyMap<string, Room>): string[] {
  const problems = [...roomProblems(sourceRoot, rooms)];
  const graph = new Map<string, string[]>();
  for (const file of sourceFiles(sourceRoot)) {
    const targets: string[] = [];
    graph.set(file, targets);
    for (const found of readImports(file, readFileSync(path.join(sourceRoot, file), 'utf8'))) {
      const at = `${file}:${found.line}`;
      if (!found.specifier.startsWith('.')) problems.push(...packageProblems(at, rooms.get(roomOf(file)), found));
      else {
        const target = resolveFile(sourceRoot, file, found.specifier);
        if (target !== undefined) targets.push(target);
        problems.push(...layerProblems(at, file, target, found.specifier, rooms));
      }
    }
  }
  return [...problems, ...findCycles(graph).map((cycle) => `cycle: ${cycle.join(' → ')}`)];
}

function* roomProblems(sourceRoot: string, rooms: ReadonlyMap<string, Room>): Generator<string> {
  const present = new Set(sourceFiles(sourceRoot).map(roomOf));
  for (const room of present) if (!rooms.has(room)) yield `${room} is not in the layer table`;
  for (const room of rooms.keys()) if (!present.has(room)) yield `the layer table names ${room}, which holds no file`;
}

function* packageProblems(at: string, room: Room | undefined, found: Import): Generator<string> {
  if (found.specifier === COMPUTED) {
    if (!room?.packages.has(COMPUTED)) yield `${at}: the name of what is loaded is computed`;
  } else if (!isBuiltin(found.specifier)) {
    const name = found.specifier
      .split('/')
      .slice(0, found.specifier.startsWith('@') ? 2 : 1)
      .join('/');
    if (!room?.packages.has(name)) yield `${at}: this room may not load ${name}`;
    else if (!found.typeOnly && !found.lazy) yield `${at}: ${name} is loaded at the top of a module`;
  }
}

function* layerProblems(
  at: string,
  file: string,
  target: string | undefined,
  specifier: string,
  rooms: ReadonlyMap<string, Room>,
): Generator<string> {
  if (target === undefined) {
    // Data beside the sources, such as package.json, is no room.
    if (!specifier.endsWith('.json')) yield `${at}: ${specifier} is no file of the sources`;
    return;
  }
  const [from, to] = [roomOf(file), roomOf(target)];
  const [fromLayer, toLayer] = [rooms.get(from)?.layer, rooms.get(to)?.layer];
  if (from === to || fromLayer === undefined || toLayer === undefined) return;
  if (toLayer === fromLayer) yield `${at}: ${from} and ${to} are of one layer`;
  if (toLayer > fromLayer) yield `${at}: ${from} (layer ${fromLayer}) imports up from ${to} (layer ${toLayer})`;
}

function roomOf(file: string): string {
  return file.includes('/') ? file.slice(0, file.indexOf('/')) : FACES;
}

/** The TypeScript files below `root`, as paths with `/`. */
export function sourceFiles(root: string): string[] {
  return readdirSync(root, { recursive: true })
    .map((name) => String(name).split(path.sep).join('/'))
    .filter((name) => name.endsWith('.ts'))
    .sort();
}

function resolveFile(sourceRoot: string, from: string, specifier: string): string | undefined {
  const base = path.posix.join(path.posix.dirname(from), specifier);
  const isFile = (name: string): boolean =>
    statSync(path.join(sourceRoot, name), { throwIfNoEntry: false })?.isFile() === true;
  return [`${base}.ts`, `${base}/index.ts`, base.replace(/\.js$/, '.ts')].find(
    (name) => name.endsWith('.ts') && !name.startsWith('../') && isFile(name),
  );
}

/** One cycle for each group of files that import each other. */
export function findCycles(graph: ReadonlyMap<string, readonly string[]>): string[][] {
  const cycles: string[][] = [];
  const done = new Set<string>();
  const walk = (file: string, trail: string[]): void => {
    const start = trail.indexOf(file);
    if (start >= 0) cycles.push([...trail.slice(start), file]);
    if (start >= 0 || done.has(file)) return;
    for (const next of graph.get(file) ?? []) walk(next, [...trail, file]);
    done.add(file);
  };
  for (const file of graph.keys()) walk(file, []);
  return cycles;
}
