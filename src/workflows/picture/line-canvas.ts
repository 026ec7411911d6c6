import { cellsOf } from './text-width';

/** Line characters by the weight of their arms, 0 to 2, up, right, down, left: a number of four digits to the base 3. */
const JUNCTIONS = ' ╴╸╷┐┑╻┒┓╶─╾┌┬┭┎┰┱╺╼━┍┮┯┏┲┳╵┘┙│┤┥╽┧┪└┴┵├┼┽┟╁╅┕┶┷┝┾┿┢╆╈╹┚┛╿┦┩┃┨┫┖┸┹┞╀╃┠╂╉┗┺┻┡╄╇┣╊╋';
/** The same on consoles that know nothing but ASCII. */
const asciiJunction = ([up, right, down, left]: readonly number[]): string => {
  const across = Math.max(right ?? 0, left ?? 0);
  const along = Math.max(up ?? 0, down ?? 0);
  if (across > 0 && along > 0) return '+';
  if (across > 0) return across === 2 ? '=' : '-';
  return along > 0 ? '|' : ' ';
};

const UP = 0;
const RIGHT = 1;
const DOWN = 2;
const LEFT = 3;

/** How a line is drawn. */
export interface Pen {
  readonly weight: 1 | 2;
  readonly dashed?: boolean;
  readonly style: string;
}

interface Cell {
  readonly arms: [number, number, number, number];
  text: string | undefined;
  dashed: boolean;
  /** Round corners, of boxes that hold others. */
  round: boolean;
  style: string;
}

const ROUND: Readonly<Record<string, string>> = { '┌': '╭', '┐': '╮', '└': '╰', '┘': '╯' };

/** A sheet of cells on which lines that meet become junctions. What is drawn has a style, a name that the caller knows. */
export class LineCanvas {
  readonly #cells: Cell[][];

  constructor(width: number, height: number) {
    const cell = (): Cell => ({ arms: [0, 0, 0, 0], text: undefined, dashed: true, round: false, style: '' });
    this.#cells = Array.from({ length: height }, () => Array.from({ length: width }, cell));
  }

  /** A line in right angles. Cells that have a style keep it. */
  line(points: readonly (readonly [x: number, y: number])[], pen: Pen): void {
    for (const [index, [x, y]] of points.entries()) {
      const [toX, toY] = points[index + 1] ?? [x, y];
      const [dx, dy] = [Math.sign(toX - x), Math.sign(toY - y)];
      const [ahead, back] = dx === 0 ? (dy > 0 ? [DOWN, UP] : [UP, DOWN]) : dx > 0 ? [RIGHT, LEFT] : [LEFT, RIGHT];
      for (let [atX, atY] = [x, y]; atX !== toX || atY !== toY; atX += dx, atY += dy) {
        this.#arm(atX, atY, ahead, pen);
        this.#arm(atX + dx, atY + dy, back, pen);
      }
    }
  }

  #arm(x: number, y: number, direction: number, { weight, dashed = false, style }: Pen): void {
    const cell = this.#cells[y]?.[x];
    if (cell === undefined) return;
    if (cell.style === '' || (weight === 2 && !cell.round && cell.text === undefined)) cell.style = style;
    cell.arms[direction] = Math.max(cell.arms[direction] ?? 0, weight);
    cell.dashed &&= dashed;
  }

  box(
    { x, y, width, height }: { x: number; y: number; width: number; height: number },
    pen: Pen,
    round: boolean,
  ): void {
    const [right, bottom] = [x + width - 1, y + height - 1];
    this.line([[x, y], [right, y], [right, bottom], [x, bottom], [x, y]], pen); // prettier-ignore
    if (!round) return;
    for (const row of [this.#cells[y], this.#cells[bottom]]) {
      for (const cell of [row?.[x], row?.[right]]) if (cell !== undefined) cell.round = true;
    }
  }

  /** Writes a text; whatever line is there gives way. */
  text(x: number, y: number, text: string, style: string): void {
    let at = x;
    for (const { text: shown, width } of cellsOf(text)) {
      const cell = this.#cells[y]?.[at];
      if (cell !== undefined) Object.assign(cell, { text: shown, style });
      const next = this.#cells[y]?.[at + 1];
      if (width === 2 && next !== undefined) Object.assign(next, { text: '', style });
      at += width;
    }
  }

  /** The sheet, row by row. `paint` makes a run of cells of one style what a terminal shows. */
  rows(unicode: boolean, paint: (text: string, style: string) => string): string[] {
    return this.#cells.map((row) => {
      const last = row.findLastIndex((cell) => this.#shown(cell, unicode) !== ' ');
      let line = '';
      let run = '';
      let style = '';
      for (const cell of row.slice(0, last + 1)) {
        if (cell.style !== style) {
          line += paint(run, style);
          run = '';
          ({ style } = cell);
        }
        run += this.#shown(cell, unicode);
      }
      return line + paint(run, style);
    });
  }

  #shown({ text, arms, dashed, round }: Cell, unicode: boolean): string {
    if (text !== undefined) return text;
    if (!unicode) return asciiJunction(arms);
    const character = JUNCTIONS[arms.reduce((sum, weight) => sum * 3 + weight, 0)] ?? ' ';
    if (round) return ROUND[character] ?? character;
    if (!dashed) return character;
    return character === '─' ? '╌' : character === '│' ? '╎' : character;
  }
}
