const TIME = /^(\d{4}-\d{2}-\d{2})(?:[T ](\d{2}:\d{2}(?::\d{2}(?:\.\d{1,3})?)?)(Z|[+-]\d{2}:?\d{2})?)?$/;

/**
 * Reads a time as people type it: ISO 8601, with a blank in place of the T if they like.
 *
 * @param isEnd whether a day alone is its last millisecond, not its first
 * @returns milliseconds since the epoch, UTC where no zone is named; undefined for what is no time
 */
export function readTime(text: string, isEnd: boolean): number | undefined {
  const [, day, clock, zone = 'Z'] = TIME.exec(text) ?? [];
  if (day === undefined) return undefined;
  const last = isEnd ? '23:59:59.999' : '00:00';
  const time = Date.parse(`${day}T${clock ?? last}${zone.replace(/^([+-]\d{2})(\d{2})$/, '$1:$2')}`);
  // Date.parse takes the 31st of February for the 3rd of March.
  const isDay = new Date(`${day}T00:00Z`).toJSON()?.startsWith(day) ?? false;
  return Number.isNaN(time) || !isDay ? undefined : time;
}
