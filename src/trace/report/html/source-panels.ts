import type { Drift, InputFile, TraceReport } from '../../report-model';
import { bytes, count, percent, plural, time } from '../units';
import { markup, shortened, type Markup } from './markup';
import { empty, panel, scrolling } from './panel';

/** Beyond these the page only counts. */
const MAX_DRIFTS = 200;
const MAX_FILES = 300;

/** What was changed while the logs were written, or differs between servers. */
export function driftPanel(drift: readonly Drift[]): Markup {
  const title = 'What drifted';
  if (drift.length === 0) {
    const body = empty(
      'Nothing drifted',
      'Policies, fields of the logs and settings stayed the same, and are the same on every server in these logs.',
    );
    return panel({ id: 'drift', title, body });
  }
  const shown = drift.slice(0, MAX_DRIFTS);
  const table = markup` <table class="drift">
    <thead>
      <tr>
        <th scope="col">When (UTC)</th>
        <th scope="col">What</th>
        <th scope="col">Server</th>
        <th scope="col">Before</th>
        <th scope="col">After</th>
      </tr>
    </thead>
    <tbody>
      ${shown.map(
        ({ what, server, fromMs, before, after }) =>
          markup` <tr data-time="${fromMs}">
            <th scope="row" class="time">${time(fromMs)}</th>
            <td>${what}</td>
            <td>${server ?? 'all'}</td>
            <td class="before"><code>${shortened(before)}</code></td>
            <td class="after"><code>${shortened(after)}</code></td>
          </tr>`,
      )}
    </tbody>
  </table>`;
  return panel({
    id: 'drift',
    title,
    intro: 'What changed while these logs were written, or is not the same on every server.',
    body: [
      scrolling(`${title}, as a table`, table),
      markup`${drift.length > shown.length && markup`<p class="more">${plural(drift.length - shown.length, 'change')} more: <code>--json</code> has them.</p>`}`,
    ],
  });
}

/** Each file, with every line of it accounted for. */
export function inputsPanel({ inputs }: TraceReport): Markup {
  const title = 'What was read';
  if (inputs.length === 0) {
    const body = empty('No file was read', 'No file of a format that is known here was found in what was named.');
    return panel({ id: 'inputs', title, body });
  }
  const shown = inputs.slice(0, MAX_FILES);
  const folder = commonFolder(inputs.map(({ path }) => path));
  const columns = ['Size', 'Lines', 'Read', 'Set aside', 'Rejected'];
  const table = markup` <table class="inputs">
    <thead>
      <tr>
        <th scope="col">File</th>
        <th scope="col">Log</th>
        <th scope="col">Server</th>
        ${columns.map((name) => markup`<th scope="col" class="number">${name}</th>`)}
        <th scope="col">From – to (UTC)</th>
      </tr>
    </thead>
    <tbody>
      ${shown.map((input) => inputRow(input, folder))}
    </tbody>
    <tfoot>
      ${sumRow(inputs)}
    </tfoot>
  </table>`;
  const rejected = inputs.reduce((sum, input) => sum + input.rowsRejected, 0);
  return panel({
    id: 'inputs',
    title,
    unfiltered: 'all',
    intro:
      'Lines = read + set aside + rejected. Set aside are headings, blank lines, and lines that are not for this analysis; rejected are lines that could not be read, and why.',
    body: [
      folder !== '' && markup`<p class="intro">All below <code>${shortened(folder, 200)}</code></p>`,
      rejected > 0
        ? markup`<p class="warning-line">
            <span aria-hidden="true">▲ </span>${plural(rejected, 'line')} could not be read
            (${percent(rejected, sumOf(inputs, 'lines'))}): the files below say why.
          </p>`
        : false,
      scrolling(`${title}, as a table`, table),
      markup`${inputs.length > shown.length && markup`<p class="more">${plural(inputs.length - shown.length, 'file')} more: <code>--json</code> has them.</p>`}`,
    ],
  });
}

/** The folder that all files are below, with the slash behind it; empty where there is none. */
function commonFolder(paths: readonly string[]): string {
  const [first = ''] = paths;
  let end = first.length;
  for (const path of paths) while (!path.startsWith(first.slice(0, end))) end--;
  return first.slice(0, first.slice(0, end).search(/[^\\/]*$/));
}

type Counted = 'bytes' | 'lines' | 'rowsRead' | 'rowsSkipped' | 'rowsRejected';
const COUNTED = ['lines', 'rowsRead', 'rowsSkipped', 'rowsRejected'] as const satisfies readonly Counted[];

const sumOf = (inputs: readonly InputFile[], member: Counted): number =>
  inputs.reduce((sum, input) => sum + input[member], 0);

function inputRow(input: InputFile, folder: string): Markup {
  const { path, kind, server, firstMs, lastMs, rejects } = input;
  const range = firstMs === null || lastMs === null ? '–' : `${time(firstMs)} – ${time(lastMs)}`;
  return markup` <tr>
    <th scope="row"><code>${shortened(path.slice(folder.length), 200)}</code>${rejects.length > 0 && rejectList(rejects)}</th>
    <td>${kind}</td>
    <td>${server ?? '–'}</td>
    <td class="number">${bytes(input.bytes)}</td>
    ${COUNTED.map((member) => markup`<td class="number ${member === 'rowsRejected' && input[member] > 0 && 'rejected'}">${count(input[member])}</td>`)}
    <td class="time">${range}</td>
  </tr>`;
}

function rejectList(rejects: InputFile['rejects']): Markup {
  const items = rejects
    .slice(0, 20)
    .map(
      ({ reason, rows, sample }) =>
        markup`<li>${rows > 0 && markup`<b>${count(rows)}</b> `}${reason}${sample !== '' && markup`: <code>${shortened(sample, 160)}</code>`}</li>`,
    );
  return markup`<ul class="rejects">
    ${items}
  </ul>`;
}

function sumRow(inputs: readonly InputFile[]): Markup {
  return markup` <tr>
    <th scope="row">${plural(inputs.length, 'file')}</th>
    <td></td>
    <td></td>
    <td class="number">${bytes(sumOf(inputs, 'bytes'))}</td>
    ${COUNTED.map((member) => markup`<td class="number">${count(sumOf(inputs, member))}</td>`)}
    <td></td>
  </tr>`;
}
