import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Page } from 'playwright-core';
import { needsOf } from '../../../src/cli/workflows/subject';
import { machineGraph } from '../../../src/workflows/picture/graph';
import { drawPage } from '../../../src/workflows/picture/page';
import { RunPathReader } from '../../../src/workflows/picture/run-path';
import { approvalDefinition, startApprovalRuns, type ApprovalRuns } from '../../support/approval-runs';
import { describeWithChromium, startChromium, type Chromium } from '../../support/chromium';
import { temporaryFolder } from '../../support/example';

const axe = readFileSync(require.resolve('axe-core/axe.min.js'), 'utf8');

// What runs in the page is text: this project's types know no browser.

/** What axe-core finds in a page, by the rules of WCAG 2.2 AA and its best practices. */
async function accessibility(page: Page): Promise<string[]> {
  await page.evaluate(axe);
  return page.evaluate(`axe
    .run({ runOnly: { type: 'tag', values: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'] } })
    .then(({ violations }) => violations.map(({ id, nodes }) => id + ': ' + nodes[0].html))`);
}

describeWithChromium('the page in Chromium', () => {
  let chromium: Chromium;
  let runs: ApprovalRuns;
  let folder: string;
  let url: string;

  beforeAll(async () => {
    [chromium, runs] = await Promise.all([startChromium(), startApprovalRuns()]);
    folder = temporaryFolder();
    const run = new RunPathReader();
    for (const event of await runs.bench.history(await runs.run('refused'))) run.add(event);
    const approvals = { Approval: { permission: 'invoice:approve' } };
    const needs = needsOf({ target: 'arn', permission: 'invoice:submit', approvals });
    const page = drawPage({
      title: 'approve-invoice: failed',
      facts: [['Status', 'FAILED', 'failed']],
      machine: machineGraph(approvalDefinition()),
      notes: { run, needs, at: new Date() },
      at: new Date(),
    });
    const file = path.join(folder, 'page.html');
    writeFileSync(file, page);
    url = pathToFileURL(file).href;
  }, 30_000);
  afterAll(async () => {
    await Promise.all([chromium.stop(), runs.stop()]);
    rmSync(folder, { recursive: true });
  });

  it.each([
    [1280, 'light', 'svg.wide'],
    [1280, 'dark', 'svg.wide'],
    [390, 'light', 'svg.narrow'],
    [390, 'dark', 'svg.narrow'],
  ] as const)('fits %i px, %s, and says the same to those who do not see it', async (width, colorScheme, drawn) => {
    const seen = await chromium.look(url, { width, colorScheme }, async (page) => {
      const overflow = await page.evaluate('document.documentElement.scrollWidth - window.innerWidth');
      const box = await page.locator(drawn).boundingBox();
      const styled = await page.evaluate("getComputedStyle(document.querySelector('.is-failed rect')).stroke");
      const scale = `document.querySelector('${drawn}').getBoundingClientRect().width / document.querySelector('${drawn}').viewBox.baseVal.width`;
      const size = 12.4 * (await page.evaluate<number>(scale));
      return {
        overflow,
        fits: (box?.width ?? 0) <= width,
        isStyled: styled !== 'none',
        isReadable: size > 10.5,
        wrong: await accessibility(page),
      };
    });
    expect(seen).toEqual({ overflow: 0, fits: true, isStyled: true, isReadable: true, wrong: [] });
  });

  it('leads from each box to its row by the keyboard alone', async () => {
    const target = await chromium.look(url, { width: 1280 }, async (page) => {
      for (let tabs = 0; tabs < 3; tabs++) await page.keyboard.press('Tab');
      const label = await page.evaluate<string>("document.activeElement.querySelector('.name').textContent");
      await page.keyboard.press('Enter');
      return [label, await page.locator('tr:target th').first().innerText()];
    });
    expect(target).toEqual(['Checks', 'Checks']);
  });

  it('no text runs out of its box', async () => {
    const outside = await chromium.look(url, { width: 1280 }, (page) =>
      page.evaluate(`[...document.querySelectorAll('svg.wide a.box')].flatMap((box) => {
        const frame = box.querySelector('rect').getBoundingClientRect();
        return [...box.querySelectorAll('text')]
          .filter((text) => {
            const { left, right } = text.getBoundingClientRect();
            return left < frame.left || right > frame.right;
          })
          .map((text) => text.textContent);
      })`),
    );
    expect(outside).toEqual([]);
  });

  it('prints the wide picture, on one page', async () => {
    const printed = await chromium.look(url, { width: 390 }, async (page) => {
      await page.emulateMedia({ media: 'print' });
      await page.setViewportSize({ width: 718, height: 1000 });
      const { height = 0 } = (await page.locator('svg.wide').boundingBox()) ?? {};
      return [height > 300, height < 1000, await page.locator('svg.narrow').isVisible()];
    });
    expect(printed).toEqual([true, true, false]);
  });
});
