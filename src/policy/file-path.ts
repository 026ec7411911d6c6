/** A path as whoever looks for a file reads it. */
export interface FilePath {
  readonly path: string;
  /** Whether it holds steps (`..`, `.`, `\`, a stream's name) that no client sends honestly. */
  readonly wanders: boolean;
}

/** What a path must hold to be another file's than its segments say; nearly none holds any of it. */
const MAY_DIFFER = /%|\/[/.]|:\$/;
const STEPS_ASIDE = /(?:^|[/\\])\.{1,2}(?=$|[/\\])|\\|:\$/;

/**
 * NTFS: `admin::$INDEX_ALLOCATION` and `admin:$I30:$INDEX_ALLOCATION` are the folder `admin`, `a.txt::$DATA` is the file
 * `a.txt`. A stream of another name (`a.txt:note:$DATA`) holds other content, but belongs to who may read the file. All
 * types of streams begin with `$`; without a type, `invoices/7:cancel` is an ordinary path.
 * @see https://learn.microsoft.com/openspecs/windows_protocols/ms-fscc/c54dec26-1551-4d3a-a0ea-4fa40f848eb3
 */
function withoutStream(name: string): string {
  return name.includes(':$') ? name.slice(0, name.indexOf(':')) : name;
}

function segmentsOf(decoded: string): string[] {
  const steps: string[] = [];
  for (const step of decoded.split(/[/\\]/)) {
    if (step === '..') steps.pop();
    else if (step !== '' && step !== '.') steps.push(step);
  }
  // Afterwards: a server resolves `..` before the file system sees any name, and takes back `:$x` as the step that it is.
  return steps.map(withoutStream).filter((name) => name !== '');
}

/**
 * What `express.static()` and everything else that serves files make of a path: decoded once, `..`, `.` and empty
 * segments resolved, on Windows `\` like `/`. Express itself routes by the path as it came; a rule that is only held
 * against that is walked round by `/%61dmin/report.html`.
 *
 * @returns undefined where it is the path as it came, and where it is no file's name at all (those are answered with 400)
 */
export function filePath(path: string): FilePath | undefined {
  if (!MAY_DIFFER.test(path)) return undefined;
  let decoded: string;
  try {
    decoded = decodeURIComponent(path);
  } catch {
    return undefined;
  }
  if (decoded.includes('\0')) return undefined;
  const segments = segmentsOf(decoded);
  // Whoever reads a parameter out of it decodes it: what is decoded already must stay what it is.
  const joined = `/${segments.join('/').replaceAll('%', '%25')}`;
  const resolved = segments.length > 0 && /[/\\]$/.test(decoded) ? `${joined}/` : joined;
  return resolved === path ? undefined : { path: resolved, wanders: STEPS_ASIDE.test(decoded) };
}
