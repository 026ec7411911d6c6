import { existsSync, readdirSync, readFileSync } from 'node:fs';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import type { Page } from 'playwright-core';
import { describeWithChromium, startChromium, type Chromium } from '../support/chromium';

jest.setTimeout(150_000);

const { built, serve } = require('../../site/serve.cjs') as { built: string; serve(): Promise<Server> };
const isBuilt = existsSync(path.join(built, 'index.html'));
/** Not whenever there is a site: it may be of another day. */
const isWanted = process.env.BATON_SITE === '1' || process.env.BATON_REQUIRE_ALL === '1';
const describeSite: jest.Describe = isWanted ? describeWithChromium : describe.skip;
if (!isWanted) console.warn('Left out: tests of the site. They need BATON_SITE=1, after npm run site.');

const pages =
  isBuilt && isWanted
    ? readdirSync(built, { recursive: true, encoding: 'utf8' })
        .map((name) => name.split(path.sep).join('/'))
        .filter((name) => name.endsWith('.html') && name !== '404.html')
        .sort()
    : [];
const htmlOf = (page: string): string => readFileSync(path.join(built, page), 'utf8');

/** `/policy.html#roles`, as a browser would ask for it from `page`. */
const targetOf = (page: string, href: string): URL => new URL(href.replaceAll('&amp;', '&'), `http://site/${page}`);

describeSite('the links', () => {
  const idsOf = new Map(
    pages.map((page) => [page, new Set([...htmlOf(page).matchAll(/ id="([^"]+)"/g)].map(([, id]) => id!))]),
  );

  /** Why a link leads nowhere; undefined where it does not. */
  function fault(page: string, href: string): string | undefined {
    const { origin, pathname, hash } = targetOf(page, href);
    if (origin !== 'http://site') return origin.startsWith('https:') ? undefined : 'is not https';
    const file = decodeURIComponent(pathname)
      .replace(/^\//, '')
      .replace(/(^|\/)$/, '$1index.html');
    if (!existsSync(path.join(built, file))) return 'does not exist';
    const id = decodeURIComponent(hash.slice(1));
    return id === '' || idsOf.get(file)?.has(id) !== false ? undefined : 'has no such heading';
  }

  it('lead somewhere, on every page', () => {
    expect(pages.length).toBeGreaterThan(70);
    const links = pages.flatMap((page) =>
      [...htmlOf(page).matchAll(/<a [^>]*?href="([^"]+)"/g)].map(([, href]) => [page, href!] as const),
    );
    expect(links.length).toBeGreaterThan(2000);
    const broken = links
      .map(([page, href]) => [page, href, fault(page, href)])
      .filter(([, , why]) => why !== undefined);
    expect(broken).toEqual([]);
  });

  it('that lead nowhere are found', () => {
    expect(
      ['/none.html', '/policy.html#none', 'http://example.com/', '#none'].map((href) => fault('policy.html', href)),
    ).toEqual(['does not exist', 'has no such heading', 'is not https', 'has no such heading']);
  });
});

describeSite('in Chromium', () => {
  let chromium: Chromium;
  let server: Server;
  let base: string;
  beforeAll(async () => {
    if (!isBuilt) throw new Error('The site is not built: npm run site');
    [chromium, server] = await Promise.all([startChromium(), serve()]);
    base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  afterAll(async () => {
    await chromium.stop();
    server.close();
  });

  /** What sticks out on the right, by its first words. As text: it is the browser's code, not Node's. */
  const tooWide = (page: Page): Promise<string[]> =>
    page.evaluate<string[]>(`(() => {
      const width = document.documentElement.clientWidth;
      if (document.documentElement.scrollWidth <= width) return [];
      const items = [...document.querySelectorAll('.VPContent *')];
      const wide = items.filter((item) => item.getBoundingClientRect().right > width + 1);
      return wide.map((item) => item.tagName + ' ' + item.textContent.slice(0, 40)).slice(0, 3);
    })()`);

  /** Vue has taken the page over: keys and clicks are heard, and what HTML and script disagree on has been complained of. */
  const isAlive = (page: Page): Promise<unknown> =>
    page.waitForFunction(`'__vue_app__' in document.querySelector('#app')`);

  it('each page fits a phone and a desk, asks nobody and complains of nothing', async () => {
    // Of the decision records, which are alike, the first.
    const looked = pages.filter((page) => !/^decisions\/(?!index|0001)/.test(page));
    expect(looked.length).toBeGreaterThan(40);
    const faults: unknown[] = [];
    await chromium.look(`${base}/index.html`, { width: 390, colorScheme: 'dark' }, async (shown) => {
      for (const page of looked) {
        await shown.goto(`${base}/${page}`, { waitUntil: 'load' });
        await isAlive(shown);
        const phone = await tooWide(shown);
        await shown.setViewportSize({ width: 1280, height: 900 });
        const desk = await tooWide(shown);
        const titles = await shown.locator('h1').count();
        if (phone.length > 0 || desk.length > 0 || titles !== 1) faults.push({ page, phone, desk, titles });
        await shown.setViewportSize({ width: 390, height: 900 });
      }
    });
    expect(faults).toEqual([]);
  });

  it.each(['light', 'dark'] as const)('can be read when it is %s', async (colorScheme) => {
    for (const page of ['index.html', 'errors.html', 'reference/offload.html']) {
      const axe = readFileSync(require.resolve('axe-core/axe.min.js'), 'utf8');
      const low = await chromium.look(`${base}/${page}`, { width: 1280, colorScheme }, async (shown) => {
        await shown.evaluate(axe);
        return shown.evaluate(async () => {
          const run = (
            globalThis as unknown as {
              axe: {
                run(
                  where: string,
                  what: object,
                ): Promise<{ violations: { id: string; nodes: { html: string; failureSummary: string }[] }[] }>;
              };
            }
          ).axe;
          const { violations } = await run.run('body', {
            runOnly: ['color-contrast', 'link-name', 'button-name', 'image-alt'],
          });
          return violations.flatMap(({ id, nodes }) =>
            nodes
              .slice(0, 3)
              .map(({ html, failureSummary }) => `${id} ${html.slice(0, 90)} ${failureSummary.slice(0, 200)}`),
          );
        });
      });
      expect({ page, low }).toEqual({ page, low: [] });
    }
  });

  it.each([
    ['policy_invalid', 'errors.html#policy_invalid'],
    ['createOffload', 'reference/offload.html#createoffload'],
  ])('%s is found without a network, and opened', async (words, wanted) => {
    const found = await chromium.look(`${base}/index.html`, { width: 1280 }, async (page) => {
      await isAlive(page);
      await page.keyboard.press('Control+k');
      await page.locator('.VPLocalSearchBox input').fill(words);
      const result = page.locator(`.VPLocalSearchBox a.result[href$="${wanted}"]`).first();
      await result.click();
      await page.waitForURL(`**/${wanted}`);
      return page.locator(`[id="${wanted.split('#')[1]}"]`).innerText();
    });
    expect(found.toLowerCase()).toContain(words.toLowerCase());
  });

  it('the menu of a phone leads to every task', async () => {
    const titles = await chromium.look(`${base}/overview.html`, { width: 390 }, async (page) => {
      await isAlive(page);
      await page.getByRole('button', { name: 'Menu', exact: true }).click();
      await page.locator('.VPSidebar.open a', { hasText: 'Windows sign-in' }).click();
      await page.waitForURL('**/windows-sign-in.html');
      // The address changes before the page does.
      await page.locator('h1', { hasText: 'Windows' }).waitFor();
      return page.locator('h1').innerText();
    });
    expect(titles).toContain('Windows sign-in of IIS');
  });
});
