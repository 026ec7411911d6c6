import { existsSync } from 'node:fs';
import { chromium as driver, type Browser, type Page } from 'playwright-core';

/** Debian's Chromium, or the one that is named. Playwright's own is another download, which nobody needs for this. */
const PROGRAM = process.env.BATON_CHROMIUM ?? '/usr/bin/chromium';
const isInstalled = existsSync(PROGRAM);
const isRequired = process.env.BATON_REQUIRE_ALL === '1';

/** A `describe` for what needs Chromium: left out, and said so, where there is none; with `BATON_REQUIRE_ALL=1` it fails there. */
export const describeWithChromium: jest.Describe = isInstalled || isRequired ? describe : describe.skip;
if (!isInstalled && !isRequired) {
  console.warn(
    `Left out: tests with Chromium. They need ${PROGRAM} (apt-get install chromium), or its path in BATON_CHROMIUM.`,
  );
}

/** How a page is looked at. */
export interface Looking {
  readonly width: number;
  readonly height?: number;
  readonly colorScheme?: 'light' | 'dark';
}

/** A Chromium of a test's own, without a window. */
export interface Chromium {
  readonly browser: Browser;
  /**
   * Opens a page and lets `look` at it. What the page complains of (the Content-Security-Policy, scripts that throw) and
   * what it asks of anybody but its own address is an error: a page of Baton stands alone.
   */
  look<T>(url: string, looking: Looking, look: (page: Page) => Promise<T>): Promise<T>;
  stop(): Promise<void>;
}

/** Starts Chromium; root, as in containers, needs its sandbox off. */
export async function startChromium(): Promise<Chromium> {
  if (!isInstalled) throw new Error(`There is no Chromium at ${PROGRAM} (apt-get install chromium).`);
  const browser = await driver.launch({
    executablePath: PROGRAM,
    args: ['--no-sandbox', '--disable-dev-shm-usage', '--disable-gpu'],
  });
  return {
    browser,
    async look(url, { width, height = 900, colorScheme = 'light' }, look) {
      const context = await browser.newContext({ viewport: { width, height }, colorScheme });
      const complaints: string[] = [];
      try {
        const page = await context.newPage();
        page.on('console', (message) => {
          if (message.type() === 'error') complaints.push(message.text());
        });
        page.on('pageerror', (error) => void complaints.push(String(error)));
        page.on('request', (request) => {
          if (!isOwn(request.url(), url)) complaints.push(`asked for ${request.url()}`);
        });
        await page.goto(url, { waitUntil: 'load' });
        const seen = await look(page);
        if (complaints.length > 0) throw new Error(`The page complains: ${complaints.join('; ')}`);
        return seen;
      } finally {
        await context.close();
      }
    },
    stop: () => browser.close(),
  };
}

const isOwn = (asked: string, page: string): boolean =>
  asked.startsWith('data:') ||
  (page.startsWith('file:') ? asked === page : new URL(asked).origin === new URL(page).origin);
