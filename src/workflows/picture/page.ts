import { createHash } from 'node:crypto';
import type { MachineGraph, StateNode } from './graph';
import { layOut } from './layout';
import { PAGE_STYLE } from './page-style';
import { durationText, errorTexts, MARKS, standingOf, tookText, type Annotations, type Standing } from './rows';
import type { StateTrace } from './run-path';
import { drawSvg, escaped } from './svg';

/** Something that stands above the picture: `Status`, `FAILED`. */
export type Fact = readonly [name: string, value: string, standing?: Standing];

/** What the page is of. */
export interface PageSubject {
  readonly title: string;
  readonly facts: readonly Fact[];
  readonly machine: MachineGraph;
  readonly notes: Annotations;
  /** When it was made. */
  readonly at: Date;
}

/** Cells; the narrow one fits a phone that is held upright. */
const WIDE = 112;
const NARROW = 46;

const MEANINGS: Readonly<Record<Standing, string>> = {
  passed: 'passed',
  running: 'running: at work',
  caught: 'caught: failed, and a Catch went on',
  failed: 'failed',
  stopped: 'stopped, with what is around it',
  'not reached': 'not reached',
};

interface Located {
  readonly state: StateNode;
  readonly within: string;
}

function located(machine: MachineGraph, within = ''): Located[] {
  return machine.states.flatMap((state) => [
    { state, within },
    ...state.branches.flatMap((branch, index) => {
      const part = state.type === 'Map' ? 'each item' : `branch ${index + 1}`;
      return located(branch, `${within === '' ? '' : `${within}, `}${state.name}, ${part}`);
    }),
  ]);
}

const badge = (standing: Standing | undefined, text: string): string =>
  standing === undefined
    ? escaped(text)
    : `<span class="badge is-${standing.replaceAll(' ', '-')}">${escaped(text)}</span>`;

const list = (texts: readonly string[]): string =>
  texts.length === 0 ? '' : `<ul class="plain">${texts.map((text) => `<li>${escaped(text)}</li>`).join('')}</ul>`;

const timeOf = (at: Date | undefined): string => {
  const text = at === undefined || Number.isNaN(at.getTime()) ? undefined : at.toISOString();
  return text === undefined ? '' : `<time datetime="${text}">${text.replace('T', ' ')}</time>`;
};

const WORDS = { next: '', rule: 'if ', default: '', catch: 'on ' } as const;

const waysOf = ({ transitions }: StateNode): string[] =>
  transitions.map(({ kind, label, to }) => `${`${WORDS[kind]}${label}`.trim()}${label === '' ? '' : ' → '}${to}`);

const causeTexts = (trace: Readonly<StateTrace> | undefined): string[] =>
  (trace?.errors ?? []).map(({ name, cause }) => (cause === undefined ? name : `${name}: ${cause}`));

/** Short texts are not broken. */
type Column = readonly [heading: string, cell: (one: Located, notes: Annotations) => string, isShort?: boolean];

const KIND: Column = [
  'Kind',
  ({ state: { type, detail, waits } }) =>
    escaped([type, detail, waits ? '(waits for an answer)' : undefined].filter(Boolean).join(' ')),
];
const GOES: Column = [
  'Goes on to',
  ({ state }) => (state.ends && state.transitions.length === 0 ? 'the end' : list(waysOf(state))),
];
const NEEDS: Column = ['Policy', ({ state: { name } }, { needs }) => escaped(needs?.[name] ?? '')];

const OF_DEFINITION: readonly Column[] = [KIND, ['Tried again', ({ state }) => list(state.retries)], NEEDS, GOES];

const OF_RUN: readonly Column[] = [
  KIND,
  [
    'Stands',
    ({ state }, notes) => {
      const standing = standingOf(state, notes) ?? 'not reached';
      return badge(standing, `${MARKS[standing]} ${standing}`);
    },
    true,
  ],
  [
    'After',
    ({ state: { name } }, { run }) => enteredAfter(run?.states.get(name)?.firstEnteredAt, run?.startedAt),
    true,
  ],
  ['Took', ({ state: { name } }, { run, at }) => escaped(tookText(run?.states.get(name), at)), true],
  ['Attempts', ({ state: { name } }, { run, causes = false }) => list(attemptTexts(run?.states.get(name), causes))],
  NEEDS,
  GOES,
];

function enteredAfter(enteredAt: Date | undefined, startedAt: Date | undefined): string {
  if (enteredAt === undefined || startedAt === undefined) return '';
  const text = escaped(durationText(enteredAt.getTime() - startedAt.getTime()));
  return Number.isNaN(enteredAt.getTime()) ? '' : `<time datetime="${enteredAt.toISOString()}">${text}</time>`;
}

function attemptTexts(trace: Readonly<StateTrace> | undefined, causes: boolean): string[] {
  if (trace === undefined) return [];
  const { visits, attempts } = trace;
  return [
    ...(visits > 1 ? [`${visits} visits`] : []),
    ...(attempts > 0 ? [`${attempts} attempt${attempts === 1 ? '' : 's'}`] : []),
    ...(causes ? causeTexts : errorTexts)(trace),
  ];
}

function table(rows: readonly Located[], notes: Annotations): string {
  const all = notes.run === undefined ? OF_DEFINITION : OF_RUN;
  const columns = all.filter((column) => column !== NEEDS || notes.needs !== undefined);
  const head = ['State', ...columns.map(([heading]) => heading)].map((heading) => `<th scope="col">${heading}</th>`);
  const body = rows.map((one, index) => {
    const where = one.within === '' ? '' : `<span class="where">in ${escaped(one.within)}</span>`;
    const cells = columns
      .map(([, cell, isShort]) => `<td${isShort ? ' class="short"' : ''}>${cell(one, notes)}</td>`)
      .join('');
    return `<tr id="state-${index + 1}"><th scope="row">${escaped(one.state.name)}${where}</th>${cells}</tr>`;
  });
  return `<div class="scroll" role="region" aria-label="Table of the states" tabindex="0"><table><caption>All that the picture says, a row a state.</caption><thead><tr>${head.join('')}</tr></thead><tbody>${body.join('')}</tbody></table></div>`;
}

function legend({ run }: Annotations): string {
  const items = Object.entries(MEANINGS).map(([name, meaning]) => {
    const standing = name as Standing;
    return `<li>${badge(standing, MARKS[standing])} ${meaning}</li>`;
  });
  const ways = run === undefined ? [] : ['<li>thick lines: the way of the run</li>'];
  const dashes = '<li>dashed lines: where an error leads</li>';
  return `<ul class="legend">${[...(run === undefined ? [] : items), ...ways, dashes].join('')}</ul>`;
}

const factList = (facts: readonly Fact[]): string =>
  `<dl class="facts">${facts.map(([name, value, standing]) => `<div><dt>${escaped(name)}</dt><dd>${badge(standing, value)}</dd></div>`).join('')}</dl>`;

/**
 * A page that stands alone: one file, no script, nothing fetched, and a Content-Security-Policy that lets nothing else in than
 * its own style sheet, by its digest. The table says all that the picture says.
 */
export function drawPage({ title, facts, machine, notes, at }: PageSubject): string {
  const rows = located(machine);
  const numbers = new Map(rows.map(({ state: { name } }, index) => [name, index + 1]));
  const linkOf = (name: string): string => `state-${numbers.get(name) ?? 0}`;
  const label = `${title}: ${rows.length} states, each a link to its row in the table below`;
  const svg = (width: number, style: string): string =>
    drawSvg(layOut(machine, width, notes), { label, style, linkOf });
  const digest = createHash('sha256').update(PAGE_STYLE).digest('base64');
  const policy = `default-src 'none'; style-src 'sha256-${digest}'; base-uri 'none'; form-action 'none'`;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<title>${escaped(title)}</title>
<style>${PAGE_STYLE}</style>
</head>
<body>
<header><h1>${escaped(title)}</h1>${factList(facts)}</header>
<main>
<figure>${svg(WIDE, 'wide')}${svg(NARROW, 'narrow')}${legend(notes)}</figure>
<h2>States</h2>
${table(rows, notes)}
</main>
<footer>Drawn by <code>baton workflows show</code> at ${timeOf(at)}${notes.run === undefined ? '' : ` from ${notes.run.events} events`}.</footer>
</body>
</html>
`;
}
