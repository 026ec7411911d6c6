import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import * as http from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { startIisSite, type IisSite, type IisSiteOptions } from '../../../src/local/iis/site';

/** What a test's web.config says. */
export interface SiteSetup {
  /** A file of `fixtures/`. */
  readonly app?: string;
  readonly iisnode?: Readonly<Record<string, string>>;
  readonly appSettings?: Readonly<Record<string, string>>;
  /** What stands inside `<requestFiltering>`. */
  readonly filtering?: string;
  /** What stands inside `<rules>`. Default: a catch-all to the app. */
  readonly rules?: string;
  readonly existingResponse?: string;
  readonly options?: Partial<IisSiteOptions>;
}

export interface TestSite {
  readonly site: IisSite;
  readonly root: string;
  readonly webConfigPath: string;
  readonly logDirectory: string;
  /** The app writes a file here when it notices its end. */
  readonly noticeFile: string;
  /** Routes that wait go on when this file is there. */
  readonly releaseFile: string;
  /** The app writes it when a connection of it has closed. */
  readonly closedFile: string;
  /** The lines of the W3C log, without directives, as objects. */
  log(): Promise<Record<string, string>[]>;
}

const CATCH_ALL =
  '<rule name="app" stopProcessing="true"><match url=".*" /><action type="Rewrite" url="server.js" /></rule>';

const opened: { site: IisSite; root: string }[] = [];

/** Stops the sites of the test that ran. */
export async function closeSites(): Promise<void> {
  for (const { site, root } of opened.splice(0)) {
    await site.stop();
    rmSync(root, { recursive: true, force: true });
  }
}

export async function openSite(setup: SiteSetup = {}): Promise<TestSite> {
  const written = writeSite(setup);
  const { root, webConfigPath, logDirectory, noticeFile, releaseFile, closedFile } = written;
  const site = await startIisSite({
    webConfigPath,
    logDirectory,
    ...setup.options,
    environment: {
      NODE_OPTIONS: undefined,
      NOTICE_FILE: noticeFile,
      RELEASE_FILE: releaseFile,
      CLOSED_FILE: closedFile,
      ...setup.options?.environment,
    },
  });
  opened.push({ site, root });
  const log = async (): Promise<Record<string, string>[]> => {
    await site.flushLog();
    return existsSync(site.w3cLogFile()) ? parseLog(readFileSync(site.w3cLogFile(), 'utf8')) : [];
  };
  return { ...written, site, log };
}

/** A site's directory with web.config and a server.js that loads the fixture. */
export function writeSite(setup: SiteSetup): Omit<TestSite, 'site' | 'log'> {
  const root = mkdtempSync(join(tmpdir(), 'site-'));
  const fixture = join(__dirname, 'fixtures', setup.app ?? 'lab.js');
  writeFileSync(join(root, 'server.js'), `require(${JSON.stringify(fixture)});\n`);
  const webConfigPath = join(root, 'web.config');
  writeFileSync(webConfigPath, webConfig(setup));
  return {
    root,
    webConfigPath,
    logDirectory: join(root, 'logs'),
    noticeFile: join(root, 'notice'),
    releaseFile: join(root, 'release'),
    closedFile: join(root, 'closed'),
  };
}

function webConfig(setup: SiteSetup): string {
  const attributes = { devErrorsEnabled: 'false', namedPipeConnectionRetryDelay: '20', ...setup.iisnode };
  const settings = Object.entries(setup.appSettings ?? {}).map(
    ([key, value]) => `<add key="${key}" value="${value}" />`,
  );
  return `<configuration>
  <appSettings>${settings.join('')}</appSettings>
  <system.webServer>
    <handlers><add name="iisnode" path="server.js" verb="*" modules="iisnode" /></handlers>
    <rewrite><rules>${setup.rules ?? CATCH_ALL}</rules></rewrite>
    <security><requestFiltering>${setup.filtering ?? ''}</requestFiltering></security>
    <httpErrors existingResponse="${setup.existingResponse ?? 'PassThrough'}" />
    <iisnode ${Object.entries(attributes)
      .map(([name, value]) => `${name}="${value}"`)
      .join(' ')} />
  </system.webServer>
</configuration>`;
}

function parseLog(text: string): Record<string, string>[] {
  let fields: string[] = [];
  return text.split('\r\n').flatMap((line) => {
    if (line.startsWith('#Fields: ')) fields = line.slice(9).split(' ');
    if (line === '' || line.startsWith('#')) return [];
    const values = line.split(' ');
    expect(values).toHaveLength(fields.length);
    return [Object.fromEntries(fields.map((name, index) => [name, values[index] ?? '']))];
  });
}

export interface Reply {
  readonly status: number;
  readonly reason: string;
  readonly rawHeaders: readonly string[];
  readonly headers: http.IncomingHttpHeaders;
  readonly body: string;
}

export interface Sending {
  readonly method?: string;
  /** Flat, as they go over the wire. `Host` and `Connection` are added. */
  readonly headers?: readonly string[];
  readonly body?: string | readonly string[];
  readonly agent?: http.Agent;
}

/** Sends exactly that path and those headers; a body in several parts goes out chunked. */
export function send(site: IisSite, path: string, sending: Sending = {}): Promise<Reply> {
  const parts = typeof sending.body === 'string' ? [sending.body] : (sending.body ?? []);
  const framing =
    parts.length > 1
      ? ['Transfer-Encoding', 'chunked']
      : parts.length === 1
        ? ['Content-Length', String(Buffer.byteLength(parts[0] ?? ''))]
        : [];
  return new Promise((resolve, reject) => {
    const request = http.request({
      host: '127.0.0.1',
      port: site.port,
      path,
      method: sending.method ?? 'GET',
      agent: sending.agent ?? false,
      headers: ['Host', 'app.example', 'Connection', 'close', ...framing, ...(sending.headers ?? [])] as never,
    });
    request.once('error', reject);
    request.once('response', (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.once('error', reject);
      response.once('end', () =>
        resolve({
          status: response.statusCode ?? 0,
          reason: response.statusMessage ?? '',
          rawHeaders: response.rawHeaders,
          headers: response.headers,
          body: Buffer.concat(chunks).toString(),
        }),
      );
    });
    for (const part of parts) request.write(part);
    request.end();
  });
}

export interface Echo {
  readonly method: string;
  readonly url: string;
  readonly httpVersion: string;
  readonly rawHeaders: readonly string[];
  readonly body: string;
  readonly pid: number;
}

/** What the lab app saw of a request. */
export async function echo(site: IisSite, path: string, sending?: Sending): Promise<Echo> {
  const reply = await send(site, path, sending);
  if (reply.status !== 200) throw new Error(`status ${reply.status}: ${reply.body}`);
  return JSON.parse(reply.body) as Echo;
}

/** Waits for a condition with a deadline. */
export async function until(condition: () => boolean | Promise<boolean>, deadlineMs = 10_000): Promise<void> {
  const end = Date.now() + deadlineMs;
  while (!(await condition())) {
    if (Date.now() > end) throw new Error(`not within ${deadlineMs} ms: ${condition.toString()}`);
    await delay(10);
  }
}

export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

/** The app's log files of that stream, joined. */
export function appOutput(site: IisSite, stream: 'stdout' | 'stderr'): { names: string[]; text: string } {
  const directory = site.iisnodeLogDirectory;
  const names = existsSync(directory) ? readdirSync(directory).filter((name) => name.includes(`-${stream}-`)) : [];
  return { names, text: names.map((name) => readFileSync(join(directory, name), 'utf8')).join('') };
}
