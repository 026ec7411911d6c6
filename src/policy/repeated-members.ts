import { step } from './shape';

/** An object or list that the scan is inside of. */
interface Container {
  readonly pointer: string;
  /** The names so far; undefined for a list. */
  readonly names: Set<string> | undefined;
  /** Where the scan is in it. */
  member: string | number;
}

const TOKEN = /"[^"\\]*(?:\\.[^"\\]*)*"|[{}[\],:]/g;

/**
 * The members that a JSON text gives twice, as JSON pointers. JSON.parse keeps the last and says nothing: of a role that
 * stands twice, the `deny` in the first would be lost.
 *
 * @param text valid JSON
 */
export function repeatedMembers(text: string): string[] {
  const repeated: string[] = [];
  const open: Container[] = [];
  let atName = false;
  for (const [token] of text.matchAll(TOKEN)) {
    const inside = open.at(-1);
    if (token === '{' || token === '[') {
      const pointer = inside === undefined ? '' : step(inside.pointer, inside.member);
      open.push({ pointer, names: token === '{' ? new Set() : undefined, member: 0 });
    } else if (token === '}' || token === ']') open.pop();
    else if (token === ',' && typeof inside?.member === 'number') inside.member++;
    else if (atName && inside?.names) {
      inside.member = JSON.parse(token) as string;
      if (inside.names.has(inside.member)) repeated.push(step(inside.pointer, inside.member));
      inside.names.add(inside.member);
    }
    atName = token === '{' || (token === ',' && inside?.names !== undefined);
  }
  return repeated;
}
