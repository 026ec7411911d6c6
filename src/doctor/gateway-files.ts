import { join } from 'node:path';
import { parseDataFile, type DataFile } from './data-file';
import { fromFile, type ProjectFiles, type ReadFile } from './project-files';

/** Folders in which gateway templates are looked for, beside the directory itself. */
const FOLDERS = ['.', 'aws', 'deploy', 'gateway', 'infra', 'infrastructure'];

/** What the files are called that are opened to see what they are. */
const NAMES = /^(?:.*template|.*gateway.*|.*openapi.*|.*swagger.*|.*cloudformation.*|definition)\.(?:ya?ml|json)$/i;

/** A SAM or CloudFormation template, or an OpenAPI definition: by a member that each of them must have. */
const MARKS = /^\s*["']?(?:Resources|openapi|swagger)["']?\s*:/m;

/** Reads a file; undefined where it cannot be understood. */
export type Attempt = <T>(file: string, read: () => T) => T | undefined;

/** Every string of a document, with the member that holds it. */
function strings(value: unknown, name = ''): { readonly name: string; readonly text: string }[] {
  if (typeof value === 'string') return [{ name, text: value }];
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) => strings(inner, Array.isArray(value) ? name : key));
}

/** Definitions that a template takes from a file of their own. */
function includedBy(files: ProjectFiles, { path }: ReadFile, data: DataFile): readonly ReadFile[] {
  return strings(data.value)
    .filter(({ name, text }) => ['Location', 'DefinitionUri', 'BodyS3Location'].includes(name) && !text.includes(':'))
    .flatMap(({ text }) => files.read(fromFile(path, text)) ?? []);
}

/**
 * The gateway's templates and definitions: those that are named, or those that are there by their usual names, and what
 * they include.
 *
 * @throws BatonError `option_invalid` where a file that is named is not there
 */
export function findGateways(
  files: ProjectFiles,
  siteDirectory: string,
  named: readonly string[] | undefined,
  attempt: Attempt,
): readonly DataFile[] {
  const found = named === undefined ? lookFor(files, siteDirectory) : named.map((name) => files.readNamed(name));
  const gateways = new Map<string, DataFile>();
  for (let next = found.shift(); next !== undefined; next = found.shift()) {
    const file = next;
    if (gateways.has(file.file)) continue;
    const data = attempt(file.file, () => parseDataFile(file.file, file.text));
    if (data === undefined) continue;
    gateways.set(file.file, data);
    found.push(...includedBy(files, file, data));
  }
  return [...gateways.values()];
}

function lookFor(files: ProjectFiles, siteDirectory: string): ReadFile[] {
  const roots = [...new Set([files.pathOf('.'), siteDirectory])];
  return roots
    .flatMap((root) => FOLDERS.map((folder) => join(root, folder)))
    .flatMap((folder) => files.list(folder))
    .filter(({ name, isFolder }) => !isFolder && NAMES.test(name))
    .flatMap(({ path }) => files.read(path) ?? [])
    .filter(({ text }) => MARKS.test(text));
}
