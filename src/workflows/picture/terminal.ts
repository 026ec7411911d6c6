import type { Picture, PlacedBox, PlacedWay } from './layout';
import { LineCanvas, type Pen } from './line-canvas';
import { MARKS, type Row, type Standing, type Tone } from './rows';
import { cut, fitted, textWidth } from './text-width';

/** What the terminal can show. */
export interface TerminalOptions {
  /** Line characters and signs; else ASCII alone. */
  readonly unicode: boolean;
  readonly colours: boolean;
}

/** {@link MARKS} on consoles that know nothing but ASCII. */
const ASCII_MARKS: typeof MARKS = {
  passed: '+',
  running: '>',
  caught: '!',
  failed: 'x',
  stopped: '#',
  'not reached': '.',
};

const marksOf = (unicode: boolean): typeof MARKS => (unicode ? MARKS : ASCII_MARKS);

/** Select Graphic Rendition (ECMA-48), by what is drawn. */
const COLOURS: Readonly<Record<string, string>> = {
  passed: '32',
  running: '1;36',
  caught: '33',
  failed: '1;31',
  stopped: '35',
  'not reached': '2',
  name: '1',
  detail: '2',
  time: '36',
  needs: '34',
  retry: '33',
  error: '31',
  rule: '',
  catch: '33',
  target: '2',
  taken: '1;32',
  takenCatch: '1;33',
  way: '2',
  branch: '2',
};

const INDENT = 2;

function paintWith(colours: boolean): (text: string, style: string) => string {
  return (text, style) => {
    const code = COLOURS[style] ?? '';
    return colours && code !== '' && text !== '' ? `\u001b[${code}m${text}\u001b[0m` : text;
  };
}

const ASCII_TEXT: readonly (readonly [RegExp, string])[] = [
  [/≤/g, '<='],
  [/≥/g, '>='],
  [/[×]/g, 'x'],
  [/·/g, '-'],
  [/↓/g, 'v'],
  [/…/g, '~'],
];

/** Full where a way was gone, or where nobody asks. */
const arrows = (unicode: boolean, isGone: boolean): readonly [down: string, left: string] =>
  unicode ? (isGone ? ['▼', '◀'] : ['▽', '◁']) : [isGone ? 'V' : 'v', '<'];

class Painter {
  readonly #canvas: LineCanvas;
  readonly #options: TerminalOptions;

  constructor({ width, height }: Picture, options: TerminalOptions) {
    this.#canvas = new LineCanvas(width, height);
    this.#options = options;
  }

  readonly #say = (text: string): string => {
    if (this.#options.unicode) return text;
    return ASCII_TEXT.reduce((said, [sign, letters]) => said.replace(sign, letters), text).replace(
      /[^\u0020-\u007e]/gu,
      '?',
    );
  };

  box(box: PlacedBox): void {
    const style = box.standing ?? 'frame';
    this.#canvas.box(box, { weight: 1, style }, box.state.branches.length > 0);
    box.rows.forEach((row, index) => this.#row(box, row, index));
  }

  #row(
    { x, y, width, standing }: PlacedBox,
    { text, tone, right = '', rightTone = 'detail' }: Row,
    index: number,
  ): void {
    const row = y + 1 + index;
    const room = width - 4;
    const mark = standing === undefined ? '' : marksOf(this.#options.unicode)[standing];
    if (index === 0 && standing !== undefined) this.#canvas.text(x + 2, row, mark, standing);
    const indent = index === 0 && standing === undefined ? 0 : INDENT;
    const [left, shownRight] = fitted(this.#say(text), this.#say(right), room - indent);
    this.#canvas.text(x + 2 + indent, row, left, this.#tone(tone, standing));
    this.#canvas.text(x + width - 2 - textWidth(shownRight), row, shownRight, this.#tone(rightTone, standing));
  }

  /** What the run did not come to is grey as a whole. */
  #tone(tone: Tone, standing: Standing | undefined): string {
    return standing === 'not reached' && tone !== 'name' ? 'not reached' : tone;
  }

  branch({ x, y, width, title }: Picture['branches'][number]): void {
    const rule = this.#options.unicode ? '╌' : '-';
    const shown = cut(title, width);
    this.#canvas.text(x, y, `${shown} ${rule.repeat(Math.max(0, width - textWidth(shown) - 1))}`, 'branch');
  }

  way({ kind, taken, points }: PlacedWay): void {
    const isGone = taken !== undefined && taken > 0;
    const style = isGone ? (kind === 'catch' ? 'takenCatch' : 'taken') : 'way';
    const pen: Pen = { weight: isGone ? 2 : 1, dashed: kind === 'catch' && !isGone, style };
    const [beforeX = 0, beforeY = 0] = points.at(-2) ?? [];
    const [endX = 0, endY = 0] = points.at(-1) ?? [];
    const isDown = beforeX === endX;
    // It ends beside the border, where the arrow is.
    const tip = isDown ? ([endX, endY - 1] as const) : ([endX + 1, endY] as const);
    this.#canvas.line([...points.slice(0, -1), tip], pen);
    const { unicode } = this.#options;
    if (kind === 'start') this.#canvas.text(beforeX, beforeY, unicode ? '●' : 'o', style);
    const [down, left] = arrows(unicode, isGone || taken === undefined);
    this.#canvas.text(...tip, isDown ? down : left, style);
  }

  rows(): string[] {
    const { unicode, colours } = this.#options;
    return this.#canvas.rows(unicode, paintWith(colours));
  }
}

/** Draws a machine with characters, a line a row. */
export function drawInTerminal(picture: Picture, options: TerminalOptions): string[] {
  const painter = new Painter(picture, options);
  picture.branches.forEach((branch) => painter.branch(branch));
  picture.boxes.forEach((box) => painter.box(box));
  const order = (way: PlacedWay): number => ((way.taken ?? 0) > 0 ? 1 : 0);
  [...picture.ways].sort((a, b) => order(a) - order(b)).forEach((way) => painter.way(way));
  return painter.rows();
}

/** The signs of a run, in a line. */
export function terminalLegend({ unicode, colours }: TerminalOptions): string {
  const paint = paintWith(colours);
  return Object.entries(marksOf(unicode))
    .map(([standing, mark]) => `${paint(mark, standing)} ${standing}`)
    .join('   ');
}
