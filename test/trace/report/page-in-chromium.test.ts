import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Page } from 'playwright-core';
import { htmlPage } from '../../../src/trace/report/html/page';
import type { TraceReport } from '../../../src/trace/report-model';
import { describeWithChromium, startChromium, type Chromium } from '../../support/chromium';
import { temporaryFolder } from '../../support/example';
import { hostileReport } from '../../support/hostile-report';
import { emptyReport, traceReport } from '../../support/trace-report';

const AXE = readFileSync(require.resolve('axe-core/axe.min.js'), 'utf8');
const report = traceReport();
/** What is the same again costs axe time, and shows it nothing new. */
const brief: TraceReport = {
  ...report,
  slowest: report.slowest.slice(0, 2),
  findings: report.findings.map((finding) => ({
    ...finding,
    evidence: { ...finding.evidence, rows: finding.evidence.rows.slice(0, 2) },
  })),
  series: report.series.slice(0, 2).map((one) => ({ ...one, tMs: one.tMs.slice(0, 12) })),
  hops: report.hops.slice(0, 12),
};

describeWithChromium('the page of baton trace in Chromium', () => {
  let folder: string;
  let chromium: Chromium;
  beforeAll(async () => {
    folder = temporaryFolder();
    chromium = await startChromium();
  });
  afterAll(async () => {
    await chromium.stop();
    rmSync(folder, { recursive: true });
  });

  /** Looks at a report's page; what the page complains of, and what it asks of anybody, is an error. */
  function look<T>(
    of: TraceReport,
    width: number,
    colorScheme: 'light' | 'dark',
    see: (page: Page) => Promise<T>,
  ): Promise<T> {
    const file = path.join(folder, 'report.html');
    writeFileSync(file, htmlPage(of));
    return chromium.look(pathToFileURL(file).href, { width, colorScheme }, see);
  }

  // What runs in the page is text: this project's types are Node's.
  const openAll = (page: Page): Promise<void> =>
    page.evaluate("document.querySelectorAll('details').forEach((part) => (part.open = true))");
  /** Colours in the drawing area of each chart. One is a chart that was not drawn. */
  const coloursOf = (page: Page): Promise<number[]> =>
    page.evaluate(`[...document.querySelectorAll('.plot canvas, #heat-map')].map((canvas) => {
      const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
      return new Set(new Uint32Array(data.buffer)).size;
    })`);
  const graveFaults = async (page: Page): Promise<string[]> => {
    await openAll(page);
    await page.evaluate(AXE);
    return page.evaluate(`axe.run().then(({ violations }) =>
      violations
        .filter(({ impact }) => impact === 'serious' || impact === 'critical')
        .map(({ id, nodes }) => id + ': ' + nodes[0].html))`);
  };
  const isTooWide = (page: Page): Promise<boolean> =>
    page.evaluate('document.documentElement.scrollWidth > document.documentElement.clientWidth');
  const send = (page: Page, event: string): Promise<void> =>
    page.evaluate(`void dispatchEvent(new Event(${JSON.stringify(event)}))`);

  it.each<[number, 'light' | 'dark']>([
    [1280, 'light'],
    [1280, 'dark'],
    [390, 'light'],
    [390, 'dark'],
  ])('is drawn, fits and can be used by everybody at %i pixels, %s', async (width, scheme) => {
    await look(brief, width, scheme, async (page) => {
      const colours = await coloursOf(page);
      expect(colours).toHaveLength(4);
      expect(Math.min(...colours)).toBeGreaterThan(20);
      expect(await isTooWide(page)).toBe(false);
      expect(await graveFaults(page)).toEqual([]);
    });
  });

  const tile = (page: Page, name: string): Promise<string | null> => page.textContent(`[data-tile="${name}"] .note`);
  const visible = (page: Page, what: string): Promise<number> => page.locator(`${what}:visible`).count();

  it('shows one route, in every panel that can', async () => {
    const route = 'POST /invoices/{id}/render';
    const requests = report.series.find((one) => one.route === route)!.requests.reduce((a, b) => a + b);
    await look(report, 1280, 'light', async (page) => {
      const before = await page.locator('#chart-requests canvas').screenshot();
      await page.selectOption('#route', { label: route });
      expect(await tile(page, 'requests')).toBe(requests.toLocaleString('en-US'));
      expect(await page.textContent('[data-tile="p95Ms"] .value')).toBe('2.88 s');
      expect(await page.locator('#chart-requests canvas').screenshot()).not.toEqual(before);
      expect(await visible(page, '.bars tbody tr')).toBe(1);
      expect(await visible(page, '#slowest .request')).toBe(report.slowest.filter((one) => one.route === route).length);
      expect(await page.textContent('#findings .scope')).toBe('Of all routes, the whole time');
      await page.click('#reset');
      expect(await visible(page, '.bars tbody tr')).toBe(8);
      expect(await visible(page, '#findings .scope')).toBe(0);
    });
  });

  it('shows a part of the time that is dragged over, or named by the sliders', async () => {
    await look(report, 1280, 'light', async (page) => {
      await page.evaluate("document.getElementById('chart-requests').scrollIntoView({ block: 'center' })");
      const chart = (await page.locator('#chart-requests .u-over').boundingBox())!;
      const y = chart.y + chart.height / 2;
      await page.mouse.move(chart.x + chart.width * 0.25, y);
      await page.mouse.down();
      await page.mouse.move(chart.x + chart.width * 0.5, y, { steps: 4 });
      await page.mouse.up();
      await page.locator('#reset').waitFor({ state: 'visible' });
      expect(await page.textContent('#range')).toMatch(/^2026-03-12 0[56]:\d0 – 1[12]:\d0$/);
      expect(await visible(page, '#drift tbody tr')).toBe(2);
      await page.locator('#reset').click();
      await page.locator('#to').fill('60');
      await page.locator('#from').fill('54');
      expect(await page.textContent('#range')).toBe('2026-03-12 09:00 – 10:00');
      const { requests } = report.series[0]!;
      const sum = requests.slice(54, 60).reduce((a, b) => a + b);
      expect(await tile(page, 'requests')).toBe(sum.toLocaleString('en-US'));
      expect(await page.locator('#time-table tbody tr').count()).toBe(6);
      expect(await visible(page, '#hops .scope')).toBe(1);
    });
  });

  it('can be read by keyboard, in the other colours, by another measure, on paper', async () => {
    await look(report, 1280, 'light', async (page) => {
      await page.keyboard.press('Tab');
      expect(await page.evaluate('document.activeElement.textContent')).toBe('To the report');
      await page.focus('#heat-map');
      await page.keyboard.press('ArrowRight');
      await page.keyboard.press('ArrowUp');
      expect(await page.textContent('#heat-readout')).toMatch(
        /^2026-03-12 00:\d0 UTC, \d+ ms to \d+ ms: [\d,]+ requests?$/,
      );
      const ground = (): Promise<string> => page.evaluate('getComputedStyle(document.body).backgroundColor');
      const [before] = [await ground(), await page.click('#theme')];
      expect(await ground()).not.toBe(before);
      const width = (): Promise<string | null> => page.getAttribute('.bars .all rect.app', 'width');
      const mean = await width();
      await page.click('#measure label:has-text("p99")');
      expect(await width()).not.toBe(mean);
      // On paper everything is open.
      const closed = (): Promise<number> => page.locator('details:not(.numbers):not([open])').count();
      const shut = await closed();
      await send(page, 'beforeprint');
      expect([shut > 0, await closed()]).toEqual([true, 0]);
      await send(page, 'afterprint');
      expect(await closed()).toBe(shut);
    });
  });

  it('does nothing that a log says', async () => {
    await look(hostileReport(), 390, 'dark', async (page) => {
      await openAll(page);
      await page.selectOption('#route', '2');
      expect(await page.evaluate('globalThis.owned')).toBeUndefined();
      expect(await page.locator('img').count()).toBe(0);
      expect(await isTooWide(page)).toBe(false);
      expect(Math.min(...(await coloursOf(page)))).toBeGreaterThan(20);
    });
  });

  it('draws what there is of a moment, and says what there is not', async () => {
    const [all] = report.series;
    const [first] = report.heat;
    const moment: TraceReport = {
      ...report,
      series: [
        {
          ...all!,
          tMs: all!.tMs.slice(0, 1),
          requests: [1],
          errors: [0],
          refused: [0],
          p95Ms: { total: [12], wire: [-1] },
        },
      ],
      heat: [{ ...first!, tMs: first!.tMs.slice(0, 1), counts: first!.counts.map((row) => row.slice(0, 1)) }],
    };
    await look(moment, 1280, 'light', async (page) => {
      expect(Math.min(...(await coloursOf(page)))).toBeGreaterThan(5);
      expect(await tile(page, 'requests')).toBe('1');
    });
    await look(emptyReport(), 390, 'dark', async (page) => {
      expect(await page.textContent('h1')).toBe('No logs were read: there are no files');
      expect(await graveFaults(page)).toEqual([]);
    });
  });
});
