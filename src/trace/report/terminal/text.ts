import { printable } from '../../../core/printable';

/** How wide the terminal is, in characters, and whether it may be coloured. */
export interface Screen {
  readonly columns: number;
  readonly color: boolean;
}

const CODES = {
  bold: '1',
  dim: '2',
  red: '31',
  green: '32',
  yellow: '33',
  blue: '34',
  magenta: '35',
  cyan: '36',
} as const;
export type Paint = keyof typeof CODES;

/** Text in a colour, where the screen has any. */
export const painter =
  ({ color }: Screen) =>
  (text: string, ...paints: readonly Paint[]): string =>
    color && text !== '' && paints.length > 0
      ? `\u001b[${paints.map((paint) => CODES[paint]).join(';')}m${text}\u001b[0m`
      : text;

/** What takes two places on a screen, roughly: East Asian characters and pictures. */
const WIDE =
  /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]|\p{Emoji_Presentation}/u;
const NO_WIDTH = /\p{M}|\u200b|\u200d/u;

/** How many places a text takes on a screen. */
export function widthOf(text: string): number {
  let width = 0;
  for (const character of text) width += widthOfCharacter(character);
  return width;
}

const widthOfCharacter = (character: string): number => (NO_WIDTH.test(character) ? 0 : WIDE.test(character) ? 2 : 1);

/** A text that a log holds, made harmless, in exactly this many places: cut with an ellipsis, or filled with blanks. */
export function cell(text: string, width: number, side: 'left' | 'right' = 'left'): string {
  const shown = cut(printable(text), width);
  const blanks = ' '.repeat(Math.max(width - widthOf(shown), 0));
  return side === 'left' ? shown + blanks : blanks + shown;
}

/** The beginning of a text that takes too many places. What it holds must be printable already. */
export function cut(text: string, width: number): string {
  if (widthOf(text) <= width) return text;
  let shown = '';
  let taken = 1;
  for (const character of text) {
    taken += widthOfCharacter(character);
    if (taken > width) break;
    shown += character;
  }
  return width < 1 ? '' : `${shown}…`;
}

/** A text in lines of at most this many places, broken at blanks; each but the first is indented. */
export function wrapped(text: string, width: number, indent = ''): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of printable(text).split(' ')) {
    const longer = line === '' ? word : `${line} ${word}`;
    const room = width - (lines.length === 0 ? 0 : indent.length);
    if (line !== '' && widthOf(longer) > room) {
      lines.push(line);
      line = word;
    } else line = longer;
  }
  return [...lines, line].map((one, index) =>
    index === 0 ? cut(one, width) : indent + cut(one, width - indent.length),
  );
}

const EIGHTHS = ['', '▏', '▎', '▍', '▌', '▋', '▊', '▉'];

/** A bar, to an eighth of a place; what is there is never drawn as nothing. */
export function bar(part: number, width: number): string {
  const eighths = Math.round(Math.min(Math.max(part, 0), 1) * width * 8);
  if (eighths === 0) return part > 0 && width > 0 ? '▏' : '';
  return '█'.repeat(Math.floor(eighths / 8)) + (EIGHTHS[eighths % 8] ?? '');
}
