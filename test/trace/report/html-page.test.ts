import { createHash } from 'node:crypto';
import { htmlPage } from '../../../src/trace/report/html/page';
import type { PageData } from '../../../src/trace/report/html/page-data';
import { jsonMarkup, markup } from '../../../src/trace/report/html/markup';
import { hostileReport } from '../../support/hostile-report';
import { emptyReport, traceReport } from '../../support/trace-report';

const page = htmlPage(traceReport());
const dataOf = (html: string): PageData =>
  JSON.parse(/<script type="application\/json" id="data">(.*?)<\/script>/s.exec(html)![1]!) as PageData;

it('lets nothing run and load but its own style and script', () => {
  const policy = /http-equiv="Content-Security-Policy" content="([^"]*)"/.exec(page)![1]!;
  const hashOf = (tag: string): string => {
    const [, text] = new RegExp(`<${tag}>([^]*?)</${tag}>`).exec(page)!;
    return `sha256-${createHash('sha256').update(text!).digest('base64')}`;
  };
  expect(policy.split('; ')).toEqual([
    "default-src 'none'",
    `style-src '${hashOf('style')}'`,
    `script-src '${hashOf('script')}'`,
    "base-uri 'none'",
    "form-action 'none'",
    "require-trusted-types-for 'script'",
    "trusted-types 'none'",
  ]);
});

it('names no address, but where uPlot is from', () => {
  const addresses = [...page.matchAll(/\b(?:https?:)?\/\/[a-z0-9.-]+\.[a-z]{2,}[^\s)]*/gi)].map(([address]) => address);
  expect(addresses).toEqual(['https://github.com/leeoniya/uPlot']);
  expect(page).toContain('Permission is hereby granted, free of charge');
  expect(page).not.toMatch(/<[^>]* (?:src|href)="(?!#)/);
});

it('has no style and no script in attributes, which the policy would refuse', () => {
  const [html] = page.split('<script type="application/json"');
  expect(html!.slice(html!.indexOf('<body>'))).not.toMatch(/<[^>]* (?:style|on\w+)=/);
});

it('holds hostile text as text', () => {
  const html = htmlPage(hostileReport());
  expect(html.match(/<script/g)).toHaveLength(page.match(/<script/g)!.length);
  expect(html).not.toContain('<img');
  expect(html).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u2028-\u202e]/);
  expect(html).toContain('&lt;script&gt;globalThis.owned = 1&lt;/script&gt;');
  expect(dataOf(html).routes).toHaveLength(7);
});

it('says what there is not', () => {
  const html = htmlPage(emptyReport());
  for (const text of ['No logs were read', 'Nothing was found', 'Nothing over time', 'No hop can be measured']) {
    expect(html).toContain(text);
  }
  expect(dataOf(html)).toMatchObject({ routes: [], span: null, series: [], heat: [] });
});

it('stays small, whatever the report holds', () => {
  const report = traceReport();
  const routes = Array.from({ length: 500 }, (_, index) => `GET /things/${index}`);
  const ofRoutes = <T extends { route: string | null }>(items: readonly T[]): T[] => [
    ...items.filter(({ route }) => route === null),
    ...routes.flatMap((route) => items.slice(0, 6).map((item) => ({ ...item, route }))),
  ];
  const [finding, file] = [report.findings[0]!, report.inputs[0]!];
  const huge = {
    ...report,
    hops: ofRoutes(report.hops),
    series: ofRoutes(report.series),
    heat: ofRoutes(report.heat),
    inputs: Array.from({ length: 5000 }, (_, index) => ({ ...file, path: `logs/${index}/${'x'.repeat(500)}` })),
    drift: Array.from({ length: 5000 }, () => ({ ...report.drift[1]!, before: 'x'.repeat(5000) })),
    findings: Array.from({ length: 40 }, () => ({
      ...finding,
      evidence: {
        ...finding.evidence,
        rows: Array.from({ length: 1000 }, () => ['x'.repeat(9000), ...finding.evidence.rows[0]!.slice(1)]),
      },
    })),
  };
  const html = htmlPage(huge);
  expect(html.length).toBeLessThan(3_000_000);
  expect(dataOf(html).routes).toHaveLength(40);
  // What is left out is said.
  for (const text of ['460 more routes', '4,700 files more', '4,800 changes more', 'The first 50 of 29,769 rows']) {
    expect(html).toContain(text);
  }
});

it('makes markup of text in one way only', () => {
  expect(markup`<i title="${'"<&>\''}">${['<b>', markup`<b>`, null, false, 7]}</i>`.text).toBe(
    '<i title="&quot;&lt;&amp;&gt;&#39;">&lt;b&gt;<b>7</i>',
  );
  expect(jsonMarkup({ a: '</script><!--\u2028\u2029' }).text).toBe('{"a":"\\u003c/script>\\u003c!--\\u2028\\u2029"}');
});
