import { machineGraph } from '../../../src/workflows/picture/graph';
import { assignLanes } from '../../../src/workflows/picture/lanes';
import { layOut, type Picture } from '../../../src/workflows/picture/layout';
import { drawPage } from '../../../src/workflows/picture/page';
import { durationText, type Annotations } from '../../../src/workflows/picture/rows';
import { RunPathReader } from '../../../src/workflows/picture/run-path';
import { drawInTerminal, terminalLegend } from '../../../src/workflows/picture/terminal';
import { cut, fitted, textWidth } from '../../../src/workflows/picture/text-width';
import { approvalDefinition } from '../../support/approval-runs';

const AT = new Date('2026-11-20T12:00:00Z');
const fail = { Type: 'Fail', Error: 'Broken' };
const small = {
  StartAt: 'Check',
  States: {
    Check: {
      Type: 'Task',
      Resource: 'arn:aws:lambda:eu-west-1:123456789012:function:check',
      Catch: [{ ErrorEquals: ['States.ALL'], Next: 'Failed' }],
      Next: 'Both',
    },
    Both: {
      Type: 'Parallel',
      Branches: [
        { StartAt: 'Left', States: { Left: { Type: 'Pass', End: true } } },
        { StartAt: 'Right', States: { Right: { Type: 'Wait', Seconds: 5, End: true } } },
      ],
      End: true,
    },
    Failed: fail,
  },
};

const events = [
  { type: 'ExecutionStarted' },
  { type: 'TaskStateEntered', stateEnteredEventDetails: { name: 'Check' } },
  { type: 'TaskScheduled' },
  { type: 'TaskFailed', taskFailedEventDetails: { error: 'Busy' } },
  { type: 'TaskStateExited', stateExitedEventDetails: { name: 'Check' } },
  { type: 'FailStateEntered', stateEnteredEventDetails: { name: 'Failed' } },
  { type: 'ExecutionFailed' },
].map((event, index) => ({ ...event, id: index + 1, previousEventId: index, timestamp: new Date(40 * index) }));

function ran(): Annotations {
  const run = new RunPathReader();
  for (const event of events) run.add(event);
  return { run, at: AT };
}

const drawn = (definition: unknown, width = 60, notes: Annotations = {}, unicode = true, colours = false): string =>
  drawInTerminal(layOut(machineGraph(definition), width, notes), { unicode, colours }).join('\n');

it('a machine in the terminal: boxes, groups, and lanes for what does not go straight on', () => {
  expect(`\n${drawn(small)}\n`).toBe(`
                    ●
                    ▼
       ┌─────────────────────────┐
       │ Check                   │
       │   Task check            │
       │   on States.ALL  Failed ├╌╌╌╌╌╌╌┐
       └────────────┬────────────┘       ╎
                    ▼                    ╎
╭──────────────────────────────────────╮ ╎
│ Both                                 │ ╎
│   Parallel                       end │ ╎
│ branch 1 ╌╌╌╌╌╌  branch 2 ╌╌╌╌╌╌╌╌╌╌ │ ╎
│ ┌─────────────┐  ┌─────────────────┐ │ ╎
│ │ Left        │  │ Right           │ │ ╎
│ │   Pass  end │  │   Wait 5 s  end │ │ ╎
│ └─────────────┘  └─────────────────┘ │ ╎
╰──────────────────────────────────────╯ ╎
                                         ╎
       ┌─────────────────────────┐       ╎
       │ Failed                  │◀╌╌╌╌╌╌┘
       │   Fail Broken           │
       └─────────────────────────┘
`);
});

it('the same with a run in it, in ASCII: a mark for how each state stands, and the way that was gone', () => {
  const rows = drawn(small, 50, ran(), false).split('\n');
  const text = rows.join('\n');
  expect(text).toMatch(/^[\n\x20-\x7e]*$/);
  expect(text).toMatch(/\| ! Check +120 ms \|/);
  expect(text).toMatch(/\| {3}Busy +\|/);
  expect(text).toMatch(/\| {3}on States\.ALL +Failed \+=+\+/);
  expect(text).toMatch(/\| \. Both +\|/);
  expect(text).toMatch(/\| x Failed +\|<=+\+/);
  expect(terminalLegend({ unicode: false, colours: false })).toContain('! caught');
});

it('colours are escape sequences, and nothing but colours', () => {
  const plain = drawn(small, 60, ran());
  const coloured = drawn(small, 60, ran(), true, true);
  expect(coloured).toContain('\u001b[1;31m✗\u001b[0m');
  expect(coloured.replace(/\u001b\[[\d;]*m/g, '')).toBe(plain);
});

it.each([46, 60, 80, 112, 200])('nothing lies upon anything else, and ways end at boxes, at %i cells', (width) => {
  const picture = layOut(machineGraph(approvalDefinition()), width);
  expect(picture.width).toBeLessThanOrEqual(width);
  for (const [index, box] of picture.boxes.entries()) {
    expect([box.x >= 0, box.x + box.width <= picture.width]).toEqual([true, true]);
    for (const other of picture.boxes.slice(index + 1)) expect(overlap(box, other)).not.toBe('partly');
  }
  for (const { to, points } of picture.ways) expect(touches(picture, to, points.at(-1)!)).toBe(true);
});

type Rect = Picture['boxes'][number];

/** Boxes hold each other or have nothing in common. */
function overlap(a: Rect, b: Rect): 'apart' | 'within' | 'partly' {
  const inside = (one: Rect, other: Rect): boolean =>
    one.x > other.x &&
    one.y > other.y &&
    one.x + one.width < other.x + other.width &&
    one.y + one.height < other.y + other.height;
  if (inside(a, b) || inside(b, a)) return 'within';
  const apart = a.x + a.width <= b.x || b.x + b.width <= a.x || a.y + a.height <= b.y || b.y + b.height <= a.y;
  return apart ? 'apart' : 'partly';
}

const touches = ({ boxes }: Picture, name: string, [x, y]: readonly [number, number]): boolean =>
  boxes.some(
    (box) =>
      box.state.name === name &&
      ((y === box.y && x > box.x && x < box.x + box.width) || (x === box.x + box.width - 1 && y === box.y + 1)),
  );

it('what stands in names is text: no control characters in a terminal, no markup in a page', () => {
  const name = '</text><script>\u001b[2J\u202e🙂漢';
  const machine = { StartAt: name, States: { [name]: { Type: 'Pass', End: true } } };
  const terminal = drawn(machine, 100);
  expect(terminal).not.toMatch(/[\u001b\u202e]/);
  expect(terminal).toContain('\\u001b[2J\\u202e🙂漢');
  const widths = terminal.split('\n').slice(2).map(textWidth);
  expect(new Set(widths).size).toBe(1);
  const page = drawPage({ title: name, facts: [['A', name]], machine: machineGraph(machine), notes: {}, at: AT });
  expect(page).not.toMatch(/<script|[\u001b\u202e]/);
  expect(page).toContain('&#60;/text&#62;&#60;script&#62;');
});

it('the page names nothing outside of itself, and its policy lets in what it has alone', () => {
  const page = drawPage({ title: 'small', facts: [], machine: machineGraph(small), notes: ran(), at: AT });
  expect(page.match(/(?:href|src)="[^"]*|url\(/g)?.filter((found) => !found.startsWith('href="#state-'))).toEqual([]);
  expect(page).not.toMatch(/ style="| on\w+="|@import|http:\/\/(?!www\.w3\.org\/2000\/svg)/);
  expect(page).toMatch(
    /content="default-src 'none'; style-src 'sha256-[\w+/]{43}='; base-uri 'none'; form-action 'none'"/,
  );
  const { run } = ran();
  const rows = [...page.matchAll(/<tr id="state-(\d+)">/g)].map(([, id]) => id);
  expect([rows, run!.events]).toEqual([['1', '2', '3', '4', '5'], 7]);
  expect(page).toContain('<span class="badge is-caught">! caught</span>');
});

it('lanes that never run beside the same box are one, and long ones go round short ones', () => {
  const spans = new Map([
    ['long', { first: 0, last: 9 }],
    ['early', { first: 1, last: 3 }],
    ['late', { first: 4, last: 6 }],
    ['across', { first: 3, last: 5 }],
  ]);
  const lanes = assignLanes(spans);
  expect(['early', 'late', 'across', 'long'].map((name) => lanes.laneOf(name))).toEqual([0, 0, 1, 2]);
  expect([lanes.count, () => lanes.laneOf('none')]).toEqual([3, expect.any(Function)]);
  expect(() => lanes.laneOf('none')).toThrow('none');
});

it.each<[number, string]>([
  [0, '0 ms'],
  [999, '999 ms'],
  [1080, '1.0 s'],
  [59_999, '59.9 s'],
  [60_000, '1 min'],
  [185_000, '3 min 5 s'],
  [7_260_000, '2 h 1 min'],
  [187_200_000, '2 d 4 h'],
  [NaN, '?'],
])('%d ms is %s', (ms, text) => {
  expect(durationText(ms)).toBe(text);
});

it('texts are cut by what they take, not by how many letters they have', () => {
  expect([textWidth('漢字'), textWidth('e\u0301'), textWidth('👩‍👩‍👧')]).toEqual([4, 1, 2]);
  expect([cut('漢字漢字', 5), cut('abc', 3), cut('abc', 0)]).toEqual(['漢字…', 'abc', '']);
  expect([fitted('left', 'right', 12), fitted('a long left', 'a long right', 12)]).toEqual([
    ['left', 'right'],
    ['a lo…', 'a lon…'],
  ]);
});
