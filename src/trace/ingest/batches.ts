import type { Input } from '../inputs/inputs';

/** Files that are read by one statement. */
export interface Batch {
  readonly inputs: readonly Input[];
  /** Of a W3C log: the fields of all of them. */
  readonly fields?: readonly string[];
  /** Whether they have to be copied line by line before they can be read. */
  readonly needsCopy: boolean;
}

/** So many files are opened together; a log is a file a day and server, and a statement costs some milliseconds. */
const MAX_FILES = 128;
/** A batch is the step of the progress, and bounds what stands unpacked on the disk. */
const MAX_BYTES = 256_000_000;
/** What text packs to, about. */
const PACKED_RATIO = 10;

/** Files that cannot be read where they are: their rows mean nothing without what stands between them. */
function needsCopy({ form, header }: Input): boolean {
  if (form === 'document') return true;
  if (form === 'lines') return false;
  const fields = header?.fields.map((name) => name.toLowerCase()) ?? [];
  return !fields.includes('date') || !fields.includes('time');
}

/** Sorts files into batches of one kind, in their order. */
export function batchesOf(inputs: readonly Input[]): Batch[] {
  const alone: Batch[] = [];
  const groups = new Map<string, Input[][]>();
  const bytesOf = ({ bytes, isGzip }: Input): number => bytes * (isGzip ? PACKED_RATIO : 1);
  for (const input of inputs) {
    if (needsCopy(input)) {
      alone.push({ inputs: [input], needsCopy: true });
      continue;
    }
    const key = [input.kind, ...(input.header?.fields ?? []), ...(input.keys ?? [])].join(' ');
    const batches = groups.get(key) ?? [[]];
    groups.set(key, batches);
    const last = batches.at(-1) ?? [];
    const bytes = [...last, input].reduce((sum, one) => sum + bytesOf(one), 0);
    if (last.length > 0 && (last.length >= MAX_FILES || bytes > MAX_BYTES)) batches.push([input]);
    else last.push(input);
  }
  const together = [...groups.values()].flat().filter((batch) => batch.length > 0);
  const grouped = together.map((batch) => ({
    inputs: batch,
    needsCopy: false,
    ...(batch[0]?.header != null && { fields: batch[0].header.fields }),
  }));
  return [...grouped, ...alone];
}
