import type { Picture, PlacedBox, PlacedBranch, PlacedWay } from './layout';
import { MARKS, type Row, type Standing } from './rows';
import { fitted } from './text-width';

/** Pixels of a cell. Text is written in a face whose characters are as wide as a cell. */
const CELL_WIDTH = 7.6;
const CELL_HEIGHT = 19;
const CORNER = 6;

/** The middle of a cell. */
const px = (x: number): number => round((x + 0.5) * CELL_WIDTH);
const py = (y: number): number => round((y + 0.5) * CELL_HEIGHT);
const round = (value: number): number => Math.round(value * 10) / 10;

/** A text as it may stand in a page: nothing in it is markup, and what no document may hold is not there. */
export function escaped(text: string): string {
  return text
    .replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\ufffe\uffff\ud800-\udfff]/gu, '\ufffd')
    .replace(/[\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/g, '\ufffd')
    .replace(/[&<>"']/g, (sign) => `&#${sign.charCodeAt(0)};`);
}

const className = (standing: Standing | undefined): string =>
  standing === undefined ? 'plain' : `is-${standing.replaceAll(' ', '-')}`;

/** Right angles with round corners. */
function pathOf(points: PlacedWay['points']): string {
  const at = points.map(([x, y]) => [px(x), py(y)] as const);
  return at
    .map(([x, y], index) => {
      const before = at[index - 1];
      const after = at[index + 1];
      if (before === undefined) return `M${x} ${y}`;
      if (after === undefined) return `L${x} ${y}`;
      const [inX, inY] = towards([x, y], before);
      const [outX, outY] = towards([x, y], after);
      return `L${inX} ${inY}Q${x} ${y} ${outX} ${outY}`;
    })
    .join('');
}

function towards([x, y]: readonly [number, number], [toX, toY]: readonly [number, number]): [number, number] {
  const length = Math.abs(toX - x) + Math.abs(toY - y);
  const by = length === 0 ? 0 : Math.min(CORNER, length / 2) / length;
  return [round(x + (toX - x) * by), round(y + (toY - y) * by)];
}

function arrow(points: PlacedWay['points'], style: string): string {
  const [[x, y] = [0, 0], [beforeX] = [0, 0]] = [points.at(-1), points.at(-2)];
  const [atX, atY] = [px(x), py(y)];
  const shape =
    beforeX === x ? `${atX - 5} ${atY - 9} ${atX + 5} ${atY - 9}` : `${atX + 9} ${atY - 5} ${atX + 9} ${atY + 5}`;
  return `<polygon class="${style}" points="${atX} ${atY} ${shape}"/>`;
}

const styleOf = ({ kind, taken }: PlacedWay): string =>
  `way ${kind}${taken === undefined ? '' : taken > 0 ? ' taken' : ' untaken'}`;

function waySvg(way: PlacedWay, isWhole: boolean): string {
  const { kind, taken, points } = way;
  const style = styleOf(way);
  const [[x, y] = [0, 0]] = points;
  const dot = kind === 'start' ? `<circle class="tip ${style}" cx="${px(x)}" cy="${py(y)}" r="5"/>` : '';
  const times = taken !== undefined && taken > 1 ? `<title>${taken} times</title>` : '';
  // Where it joins another one, that one goes on.
  const shown = isWhole ? points : points.slice(0, 2);
  const tip = isWhole ? arrow(points, `tip ${style}`) : '';
  return `<g>${times}<path class="${style}" d="${pathOf(shown)}"/>${dot}${tip}</g>`;
}

const lengthOf = (points: PlacedWay['points']): number =>
  points.reduce((sum, [x, y], index) => {
    const [beforeX, beforeY] = points[index - 1] ?? [x, y];
    return sum + Math.abs(x - beforeX) + Math.abs(y - beforeY);
  }, 0);

/**
 * Ways that share a lane: the longest is drawn whole, and the others up to it. Dashes that lie upon other dashes would make a
 * solid line. Those that were gone come last, and so on top.
 */
function waysSvg(ways: readonly PlacedWay[]): string {
  const whole = new Map<string, PlacedWay>();
  const laneOf = (way: PlacedWay): string => {
    const [, [laneX, y] = [0, 0], [, endY] = [0, 0]] = way.points;
    return JSON.stringify([styleOf(way), way.to, laneX, Math.sign(endY - y)]);
  };
  for (const way of ways) {
    const other = whole.get(laneOf(way));
    if (other === undefined || lengthOf(way.points) > lengthOf(other.points)) whole.set(laneOf(way), way);
  }
  const order = ({ taken = 0 }: PlacedWay): number => (taken > 0 ? 1 : 0);
  return [...ways]
    .sort((a, b) => order(a) - order(b))
    .map((way) => waySvg(way, way.points.length < 4 || whole.get(laneOf(way)) === way))
    .join('');
}

/** A line of a box; it says at its end what it says on the right of a terminal. */
function rowSvg(
  { x, y, width, standing }: PlacedBox,
  { text, tone, right = '', rightTone = 'detail' }: Row,
  index: number,
): string {
  const room = width - 4;
  const at = round(py(y + 1 + index) + 4.5);
  const indent = index === 0 && standing === undefined ? 0 : 2;
  const [left, shownRight] = fitted(text, right, room - indent);
  const mark =
    index === 0 && standing !== undefined
      ? `<text class="mark" x="${px(x + 1.5)}" y="${at}">${MARKS[standing]}</text>`
      : '';
  const end =
    shownRight === ''
      ? ''
      : `<text class="${rightTone} end" x="${px(x + width - 2)}" y="${at}">${escaped(shownRight)}</text>`;
  return `${mark}<text class="${tone}" x="${px(x + 1.5 + indent)}" y="${at}">${escaped(left)}</text>${end}`;
}

function boxSvg(box: PlacedBox, linkOf: (name: string) => string): string {
  const { x, y, width, height, rows, state, standing } = box;
  const place = `x="${px(x)}" y="${py(y)}" width="${round((width - 1) * CELL_WIDTH)}" height="${round((height - 1) * CELL_HEIGHT)}"`;
  const shape = state.branches.length > 0 ? 'group' : 'state';
  const title = [
    state.name,
    standing,
    ...rows.slice(1).map(({ text, right }) => [text, right].filter(Boolean).join(' → ')),
  ];
  const full = title.filter(Boolean).join('\n');
  return [
    `<a href="#${linkOf(state.name)}" class="box ${shape} ${className(standing)}">`,
    `<title>${escaped(full)}</title><rect ${place} rx="${shape === 'group' ? 12 : 6}"/>`,
    ...rows.map((row, index) => rowSvg(box, row, index)),
    '</a>',
  ].join('');
}

function branchSvg({ x, y, width, height, title }: PlacedBranch): string {
  const place = `x="${px(x - 0.5)}" y="${py(y - 0.2)}" width="${round(width * CELL_WIDTH)}" height="${round((height - 0.4) * CELL_HEIGHT)}"`;
  return `<g class="branch"><rect ${place} rx="8"/><text x="${px(x + 0.5)}" y="${round(py(y) + 8)}">${escaped(title)}</text></g>`;
}

/**
 * Draws a machine as SVG. It has classes and no colours: those are the page's. Each box leads to the state's row in the
 * page's table.
 *
 * @param linkOf the ID of a state's row
 */
export function drawSvg(
  picture: Picture,
  {
    label,
    style,
    linkOf,
  }: { readonly label: string; readonly style: string; readonly linkOf: (name: string) => string },
): string {
  const width = Math.ceil((picture.width + 1) * CELL_WIDTH);
  const height = Math.ceil((picture.height + 1) * CELL_HEIGHT);
  return [
    `<svg class="${style}" xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="group" aria-label="${escaped(label)}">`,
    // From the top down, as the keyboard goes through them; what holds others begins above them.
    ...[...picture.boxes].sort((a, b) => a.y - b.y || a.x - b.x).map((box) => boxSvg(box, linkOf)),
    ...picture.branches.map(branchSvg),
    waysSvg(picture.ways),
    '</svg>',
  ].join('');
}
