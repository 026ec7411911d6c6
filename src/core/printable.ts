/** What moves the cursor, ends a line, turns the direction of text or begins an escape sequence. */
const OBEYED = /[\u0000-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/g;

/**
 * A line for a terminal: what a terminal would obey is shown as `\uXXXX`. What files say is not to be trusted to be text:
 * an audit trail that was written anew could otherwise paint "ok" over what is said of it.
 */
export function printable(line: string): string {
  return line.replace(OBEYED, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`);
}
