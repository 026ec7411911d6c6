import type { MachineGraph, StateNode, Transition } from './graph';
import { assignLanes, type Span } from './lanes';
import { rowsOf, standingOf, takenTimes, type Annotations, type Row, type Standing } from './rows';
import { textWidth } from './text-width';

// Everything is measured in cells, as a terminal has them: the page takes the same picture and gives each cell some pixels.

/** A place in cells; a box's border takes the outermost. */
export interface Rect {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** A state's box. */
export interface PlacedBox extends Rect {
  readonly state: StateNode;
  readonly rows: readonly Row[];
  /** Absent where the picture is of no run. */
  readonly standing: Standing | undefined;
}

/** A branch of a Parallel, or the machine of a Map, within its state's box. */
export interface PlacedBranch extends Rect {
  readonly title: string;
}

/** A way, from one box's border to another's, in right angles. */
export interface PlacedWay {
  readonly from: string;
  readonly to: string;
  readonly kind: Transition['kind'] | 'start';
  /** How often it was gone in the run; undefined where the picture is of none. */
  readonly taken: number | undefined;
  readonly points: readonly (readonly [x: number, y: number])[];
}

/** A machine, laid out. */
export interface Picture {
  readonly width: number;
  readonly height: number;
  readonly boxes: readonly PlacedBox[];
  readonly branches: readonly PlacedBranch[];
  readonly ways: readonly PlacedWay[];
}

/** Borders, and a blank beside each. */
const FRAME = 4;
const BETWEEN_COLUMNS = 2;
/** Between two boxes below each other: the arrow. */
const GAP = 1;
const MAX_PLAIN = 58;
const MIN_BRANCH = 28;

/** A box before its place is known. */
interface Item {
  readonly state: StateNode;
  readonly rows: readonly Row[];
  readonly straight: Transition | undefined;
}

function itemsOf({ states }: MachineGraph, notes: Annotations): Item[] {
  return states.map((state, index) => {
    const below = states[index + 1]?.name;
    const straight = state.transitions.find(({ kind, to }) => kind !== 'catch' && to === below);
    return { state, straight, rows: rowsOf(state, straight, notes) };
  });
}

const widthOfRow = ({ text, right }: Row): number => textWidth(text) + (right === undefined ? 0 : textWidth(right) + 2);

/** A mark of how the state stands goes before its name. */
const plainWidth = ({ rows }: Item): number => Math.min(MAX_PLAIN, Math.max(...rows.map(widthOfRow)) + FRAME + 2);

/** How wide a machine would like to be. */
function naturalWidth(machine: MachineGraph, notes: Annotations): number {
  const items = itemsOf(machine, notes);
  const widths = items.map((item) => Math.max(plainWidth(item), groupWidth(item.state, notes)));
  return Math.max(0, ...widths) + laneCells(lanesOf(items).count);
}

function groupWidth({ branches }: StateNode, notes: Annotations): number {
  if (branches.length === 0) return 0;
  const inner = branches.map((branch) => naturalWidth(branch, notes));
  return inner.reduce((sum, width) => sum + width + BETWEEN_COLUMNS, -BETWEEN_COLUMNS) + FRAME;
}

const laneCells = (lanes: number): number => (lanes === 0 ? 0 : 2 * lanes + 1);

/** All ways to the same state that do not go straight share a lane beside the boxes. */
function lanesOf(items: readonly Item[]): ReturnType<typeof assignLanes> {
  const position = new Map(items.map(({ state: { name } }, index) => [name, index]));
  const spans = new Map<string, Span>();
  items.forEach(({ rows }, from) => {
    for (const { leaves } of rows) {
      const to = leaves === undefined ? undefined : position.get(leaves.to);
      if (leaves === undefined || to === undefined) continue;
      const { first, last } = spans.get(leaves.to) ?? { first: to, last: to };
      spans.set(leaves.to, { first: Math.min(first, from), last: Math.max(last, from) });
    }
  });
  return assignLanes(spans);
}

interface PlacedItem extends Item {
  readonly box: PlacedBox;
  readonly inner: readonly PlacedInner[];
}

interface PlacedInner {
  readonly branch: PlacedBranch;
  readonly picture: Picture;
}

/** Shares room out: who needs less than an equal share gets that, and the others share what is left. */
function shares(wanted: readonly number[], room: number): number[] {
  const given = wanted.map(() => 0);
  let [left, open] = [room, wanted.length];
  for (const [width, index] of wanted.map((one, at) => [one, at] as const).sort(([a], [b]) => a - b)) {
    const share = Math.min(width, Math.floor(left / open));
    given[index] = share;
    left -= share;
    open -= 1;
  }
  return given;
}

/** Branches beside each other where there is room, else below each other. */
function placeBranches(
  branches: readonly MachineGraph[],
  at: Rect,
  state: StateNode,
  notes: Annotations,
): PlacedInner[] {
  const natural = branches.map((branch) => naturalWidth(branch, notes));
  const room = at.width - BETWEEN_COLUMNS * (branches.length - 1);
  const least = natural.reduce((sum, width) => sum + Math.min(width, MIN_BRANCH), 0);
  const isBeside = least <= room;
  const widths = isBeside ? shares(natural, room) : natural.map((width) => Math.min(width, at.width));
  let { x, y } = at;
  return branches.map((machine, index) => {
    const width = widths[index] ?? 0;
    const picture = layOut(machine, width, notes, false);
    const title = state.type === 'Map' ? 'each item' : `branch ${index + 1}`;
    const branch = { x, y, width: Math.max(width, picture.width), height: picture.height + 1, title };
    if (isBeside) x += branch.width + BETWEEN_COLUMNS;
    else y += branch.height + GAP;
    return { branch, picture };
  });
}

function placeItem(item: Item, at: Pick<Rect, 'y' | 'width'>, notes: Annotations): PlacedItem {
  const { state, rows } = item;
  const within = { x: FRAME / 2, y: at.y + 1 + rows.length, width: at.width - FRAME, height: 0 };
  const inner = placeBranches(state.branches, within, state, notes);
  const bottom = Math.max(within.y, ...inner.map(({ branch: { y, height } }) => y + height));
  const right = Math.max(at.width, ...inner.map(({ branch: { x, width } }) => x + width + FRAME / 2));
  const box = {
    x: 0,
    y: at.y,
    width: right,
    height: bottom + 1 - at.y,
    state,
    rows,
    standing: standingOf(state, notes),
  };
  return { ...item, box, inner };
}

const moved = <T extends Rect>(rect: T, dx: number, dy: number): T => ({ ...rect, x: rect.x + dx, y: rect.y + dy });

function movedPicture({ boxes, branches, ways, ...size }: Picture, dx: number, dy: number): Picture {
  return {
    ...size,
    boxes: boxes.map((box) => moved(box, dx, dy)),
    branches: branches.map((branch) => moved(branch, dx, dy)),
    ways: ways.map((way) => ({ ...way, points: way.points.map(([x, y]) => [x + dx, y + dy] as const) })),
  };
}

/**
 * Lays a machine out: one box below the other, in the order of the graph. The way to the box below goes straight down; all
 * others go round by lanes at the right, one for each state that they lead to.
 *
 * @param width in cells; what cannot be that narrow is wider
 * @param isOutermost a branch needs no mark where it begins: it has a title
 */
export function layOut(machine: MachineGraph, width: number, notes: Annotations = {}, isOutermost = true): Picture {
  const items = itemsOf(machine, notes);
  const lanes = lanesOf(items);
  const room = Math.max(FRAME + 8, width - laneCells(lanes.count));
  const plain = Math.min(room, Math.max(0, ...items.map(plainWidth)));
  let y = isOutermost ? 2 : 0;
  const placed = items.map((item) => {
    const wanted = Math.max(plain, Math.min(room, groupWidth(item.state, notes)));
    const one = placeItem(item, { y, width: wanted }, notes);
    y += one.box.height + GAP;
    return one;
  });
  return joined(placed, lanes, notes, isOutermost);
}

/** Puts the boxes in the middle and draws the ways between them. */
function joined(
  placed: readonly PlacedItem[],
  lanes: ReturnType<typeof assignLanes>,
  notes: Annotations,
  isOutermost: boolean,
): Picture {
  const column = Math.max(0, ...placed.map(({ box }) => box.width));
  const middle = Math.floor(column / 2);
  const shift = ({ box }: PlacedItem): number => middle - Math.floor(box.width / 2);
  const boxes = placed.map((one) => moved(one.box, shift(one), 0));
  const inner = placed.flatMap((one) =>
    one.inner.map(({ branch, picture }) => ({
      branch: moved(branch, shift(one), 0),
      picture: movedPicture(picture, branch.x + shift(one), branch.y + 1),
    })),
  );
  const laneX = (lane: number): number => column + 1 + 2 * lane;
  const ways = placed.flatMap((one, index) => waysFrom(one, index, boxes, { middle, laneX, lanes, notes }));
  return {
    width: column + laneCells(lanes.count),
    height: Math.max(0, ...boxes.map(({ y, height }) => y + height)),
    boxes: [...boxes, ...inner.flatMap(({ picture }) => picture.boxes)],
    branches: inner.flatMap(({ branch, picture }) => [branch, ...picture.branches]),
    ways: [
      ...(isOutermost ? startWay(boxes, middle, notes) : []),
      ...ways,
      ...inner.flatMap(({ picture }) => picture.ways),
    ],
  };
}

function startWay([first]: readonly PlacedBox[], middle: number, { run }: Annotations): PlacedWay[] {
  if (first === undefined) return [];
  const points = [[middle, 0] as const, [middle, first.y] as const];
  return [{ from: '', to: first.state.name, kind: 'start', taken: run && (run.events > 0 ? 1 : 0), points }];
}

function waysFrom(
  { state, straight, rows }: PlacedItem,
  index: number,
  boxes: readonly PlacedBox[],
  {
    middle,
    laneX,
    lanes,
    notes,
  }: {
    readonly middle: number;
    readonly laneX: (lane: number) => number;
    readonly lanes: ReturnType<typeof assignLanes>;
    readonly notes: Annotations;
  },
): PlacedWay[] {
  const box = boxes[index];
  const below = boxes[index + 1];
  if (box === undefined) return [];
  const way = (transition: Transition, points: PlacedWay['points']): PlacedWay => {
    const { kind, to } = transition;
    return { from: state.name, to, kind, taken: takenTimes(state.name, transition, notes), points };
  };
  const bottom = box.y + box.height - 1;
  const down =
    straight && below
      ? [
          way(straight, [
            [middle, bottom],
            [middle, below.y],
          ]),
        ]
      : [];
  const round = rows.flatMap(({ leaves }, row) => {
    const target = boxes.find((other) => other.state.name === leaves?.to);
    if (leaves === undefined || target === undefined) return [];
    const x = laneX(lanes.laneOf(leaves.to));
    const out = box.y + 1 + row;
    const into = target.y + 1;
    return [
      way(leaves, [
        [box.x + box.width - 1, out],
        [x, out],
        [x, into],
        [target.x + target.width - 1, into],
      ]),
    ];
  });
  return [...down, ...round];
}
