import { LATENCY_ROSE } from '../../src/trace/analysis/latency-change';
import { RULES } from '../../src/trace/analysis/rules';
import { DEFAULT_MARGIN_MS } from '../../src/trace/analysis/sql/settings';
import { ROUTES_OVER_TIME, ROUTES_WITH_LATENCY } from '../../src/trace/analysis/sql/routes';
import type { Finding } from '../../src/trace/report-model';
import { HOPS } from '../../src/trace/report-model';
import { readPage, rowsOf, sectionsOf } from './markdown';

const page = 'docs/trace-findings.md';
const sections = sectionsOf(page);

const HEADINGS: Readonly<Record<Finding['group'], string>> = {
  bypass: 'Round the gateway',
  lost: 'Never reached IIS',
  identity: 'Identity',
  drift: 'Drift',
  tokens: 'Tokens and refusals',
  offload: 'Work handed over',
  latency: 'Latency',
  logs: 'The logs and the server',
};

it.each(Object.entries(HEADINGS))('the rules about %s are those of the page', (group, heading) => {
  const rules = [...RULES, LATENCY_ROSE].filter((rule) => rule.group === group);
  const rows = rules.map(({ id, severity, certainty, about }) => [`\`${id}\``, severity, certainty, about]);
  expect(rowsOf(sections.get(heading) ?? '')).toEqual(rows);
});

it('names each rule once, and no other', () => {
  const named = [...readPage(page).matchAll(/^\| `([a-z-]+)` \| (?:error|warning|info) \|/gm)].map(([, id]) => id);
  expect(named.sort()).toEqual([...RULES, LATENCY_ROSE].map(({ id }) => id).sort());
});

it('has the hops and the numbers of the code', () => {
  expect(rowsOf(sections.get('Hops') ?? '').map(([hop]) => hop)).toEqual(HOPS.map((hop) => `\`${hop}\``));
  const text = readPage(page);
  expect(text).toContain(`less ${DEFAULT_MARGIN_MS / 1000} seconds`);
  expect(text).toContain(
    `the ${ROUTES_WITH_LATENCY} routes with the most requests, and ${ROUTES_OVER_TIME} of them over time`,
  );
});
