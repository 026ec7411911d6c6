import type { Cell, Finding, Rows } from '../../report-model';
import { cellText, columnName } from '../cells';
import { count, plural } from '../units';
import { countSeverities, rankFindings } from '../words';
import { markup, shortened, type Markup } from './markup';
import { empty, panel, scrolling } from './panel';

/** More rows than this help nobody who reads a page; `--json` has what the analysis gave. */
const MAX_ROWS = 50;

const SEVERITIES = {
  error: { word: 'Error', icon: '✕' },
  warning: { word: 'Warning', icon: '▲' },
  info: { word: 'Note', icon: 'i' },
} as const;

const CERTAINTIES = {
  certain: 'proven by the logs',
  likely: 'likely',
  suspected: 'suspected: there are innocent explanations',
} as const;

/** What was found, the gravest first, each with the rows behind it. */
export function findingsPanel(findings: readonly Finding[]): Markup {
  const { error, warning, info } = countSeverities(findings);
  const body =
    findings.length === 0
      ? empty('Nothing was found', 'No rule of the analysis found anything in these logs.')
      : markup`<div class="findings">${rankFindings(findings).map((finding, index) => findingMarkup(finding, index === 0))}</div>`;
  const intro = `${plural(error, 'error')}, ${plural(warning, 'warning')}, ${plural(info, 'note')}. Open one for what it means, what to do, and the rows behind it.`;
  return panel({ id: 'findings', title: 'Findings', unfiltered: 'all', body, ...(findings.length > 0 && { intro }) });
}

function findingMarkup(finding: Finding, isOpen: boolean): Markup {
  const { rule, group, severity, certainty, title, explanation, advice, evidence } = finding;
  const { word, icon } = SEVERITIES[severity];
  return markup` <details class="finding ${severity}" data-rule="${rule}" ${isOpen && OPEN}>
    <summary>
      <span class="severity"><span class="icon" aria-hidden="true">${icon}</span>${word}</span>
      <span class="finding-title">${title}</span>
      <span class="tags"><span class="tag">${group}</span><span class="tag">${certainty}</span></span>
      <span class="finding-count">${count(finding.count)}</span>
    </summary>
    <div class="finding-body">
      <p>${explanation}</p>
      <p class="advice"><strong>What to do.</strong> ${advice}</p>
      <p class="facts">Rule <code>${rule}</code> · ${CERTAINTIES[certainty]}</p>
      ${evidence.rows.length > 0 && evidenceMarkup(title, evidence)}
    </div>
  </details>`;
}

const OPEN = markup`open`;

function evidenceMarkup(title: string, { columns, rows, total }: Rows): Markup {
  const shown = rows.slice(0, MAX_ROWS);
  const numeric = columns.map((_, index) => shown.some((row) => typeof row[index] === 'number'));
  const table = markup` <table>
    <caption>
      ${shown.length < total ? `The first ${count(shown.length)} of ${plural(total, 'row')}` : plural(total, 'row')}
    </caption>
    <thead>
      <tr>
        ${columns.map((name, index) => markup`<th scope="col" class="${numeric[index] ? 'number' : ''}">${columnName(name)}</th>`)}
      </tr>
    </thead>
    <tbody>
      ${shown.map(
        (row) =>
          markup`<tr>
            ${row.map((cell, index) => cellMarkup(cell, columns[index] ?? ''))}
          </tr>`,
      )}
    </tbody>
  </table>`;
  return scrolling(`Rows behind: ${title}`, table);
}

function cellMarkup(cell: Cell, column: string): Markup {
  const text = shortened(cellText(cell, column));
  const look = typeof cell === 'number' ? 'number' : cell === null ? 'none' : text.length > 40 ? 'long' : '';
  return markup`<td class="${look}">${text}</td>`;
}
