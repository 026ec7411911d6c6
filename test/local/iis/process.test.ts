import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { appOutput, closeSites, echo, isAlive, openSite, send, until, writeSite } from './support';

afterEach(closeSites);

interface Seen {
  readonly env: Record<string, string>;
  readonly argv: string[];
  readonly cwd: string;
  readonly isMain: boolean;
  readonly main: string;
}

describe('how the app is started', () => {
  it('has the environment that iisnode makes, overrides last, and is not the main module', async () => {
    const { site, root } = await openSite({
      iisnode: {
        node_env: 'production',
        nodeProcessCommandLine: '&quot;%programfiles%\\nodejs\\node.exe&quot; --no-warnings',
      },
      appSettings: { PLAIN: 'from web.config', POINTED: 'https://keys.example.com' },
      options: { siteName: 'invoices', environment: { POINTED: 'http://127.0.0.1:1', HOME: undefined } },
    });
    const { env, argv, cwd, isMain, main } = JSON.parse((await send(site, '/env')).body) as Seen;
    expect(env).toMatchObject({
      IISNODE_VERSION: '0.2.26',
      IISNODE_LOGGINGENABLED: '1',
      IISNODE_LOGDIRECTORY: site.iisnodeLogDirectory,
      IISNODE_logDirECTORY: site.iisnodeLogDirectory,
      IISNODE_MAXLOGFILES: '20',
      NODE_PENDING_PIPE_INSTANCES: '5000',
      NODE_ENV: 'production',
      APP_POOL_ID: 'invoices',
      PLAIN: 'from web.config',
      POINTED: 'http://127.0.0.1:1',
      PATH: process.env['PATH'],
    });
    expect(env['COMPUTERNAME']).toMatch(/./);
    expect(env['PORT']).toMatch(process.platform === 'win32' ? /^\\\\\.\\pipe\\/ : /^\//);
    expect(env).not.toHaveProperty('HOME');
    expect(env).not.toHaveProperty('BATON_LIFELINE_FD');
    expect(argv).toEqual([process.execPath, join(root, 'server.js')]);
    expect(cwd).toBe(root);
    expect({ isMain, main }).toEqual({ isMain: false, main: 'interceptor.js' });
  });

  it('is started by the first request, not before', async () => {
    const { site, releaseFile } = await openSite({ app: 'marks-its-start.js' });
    expect(existsSync(releaseFile)).toBe(false);
    await send(site, '/');
    expect(existsSync(releaseFile)).toBe(true);
  });

  it('has as many processes as web.config says, used in turn', async () => {
    const { site } = await openSite({ iisnode: { nodeProcessCountPerApplication: '2' } });
    const pids: number[] = [];
    for (let i = 0; i < 4; i++) pids.push((await echo(site, '/')).pid);
    expect(new Set(pids).size).toBe(2);
    expect(pids.slice(2)).toEqual(pids.slice(0, 2));
  });
});

describe('what the app prints', () => {
  it('lands in files of its own naming, with CR LF, and no callback is called', async () => {
    const { site, releaseFile } = await openSite({ options: { environment: { COMPUTERNAME: 'WEB01' } } });
    const { pid } = await echo(site, '/');
    expect(JSON.parse((await send(site, '/print')).body)).toEqual({ type: 'undefined' });
    await echo(site, '/after');
    expect(existsSync(releaseFile)).toBe(false);
    const out = appOutput(site, 'stdout');
    expect(out.names).toEqual([expect.stringMatching(new RegExp(`^WEB01-${pid}-stdout-\\d{13}\\.txt$`))]);
    expect(out.text).toBe('one\r\ntwo\r\n');
    expect(appOutput(site, 'stderr').text).toBe('raw\n');
  });

  it('rolls over when a file is full, and the oldest files go', async () => {
    const { site } = await openSite({
      app: 'prints-much.js',
      iisnode: { maxLogFileSizeInKB: '1', maxLogFiles: '3' },
    });
    await send(site, '/');
    const { names, text } = appOutput(site, 'stdout');
    expect(names.length).toBeGreaterThan(1);
    expect(names.length).toBeLessThanOrEqual(4);
    expect(text).not.toContain('line 0 ');
    expect(text).toContain('line 19 ');
  });

  it('is lost where logging is off', async () => {
    const { site } = await openSite({ iisnode: { loggingEnabled: 'false' } });
    expect(JSON.parse((await send(site, '/print')).body)).toEqual({ type: 'boolean' });
    expect(existsSync(site.iisnodeLogDirectory)).toBe(false);
  });
});

describe('how the app ends', () => {
  it('is killed without notice, and the next request starts it again', async () => {
    const { site, noticeFile, log } = await openSite();
    const { pid } = await echo(site, '/');
    const caught = send(site, '/drip');
    await echo(site, '/the-one-before-is-in');
    await site.kill();
    expect((await caught).status).toBe(500);
    expect(isAlive(pid)).toBe(false);
    expect(existsSync(noticeFile)).toBe(false);
    expect((await echo(site, '/again')).pid).not.toBe(pid);
    expect((await log()).find((line) => line['cs-uri-stem'] === '/drip')).toMatchObject({
      'sc-status': '500',
      'sc-win32-status': '109',
    });
  });

  it('is recycled when its open requests are done, while new ones go to a new process', async () => {
    const { site, noticeFile, releaseFile } = await openSite();
    const { pid } = await echo(site, '/');
    const open = send(site, '/drip');
    await echo(site, '/the-one-before-is-in');
    const recycled = site.recycle();
    expect((await echo(site, '/new')).pid).not.toBe(pid);
    expect(isAlive(pid)).toBe(true);
    writeFileSync(releaseFile, '');
    expect((await open).body).toBe('firstlast');
    await recycled;
    expect(isAlive(pid)).toBe(false);
    expect(existsSync(noticeFile)).toBe(false);
  });

  it('is ended by a recycle after gracefulShutdownTimeout, open requests or not', async () => {
    const { site } = await openSite({ iisnode: { gracefulShutdownTimeout: '50' } });
    await echo(site, '/');
    const open = send(site, '/drip');
    await echo(site, '/the-one-before-is-in');
    await site.recycle();
    expect((await open).status).toBe(500);
  });

  it('ends with the site, and leaves nothing behind', async () => {
    // A temporary folder of its own: other sites run beside this test.
    const own = mkdtempSync(join(tmpdir(), 'own-'));
    const variable = process.platform === 'win32' ? 'TEMP' : 'TMPDIR';
    const before = process.env[variable];
    process.env[variable] = own;
    const { site } = await openSite();
    const { pid } = await echo(site, '/');
    const open = send(site, '/drip').then(
      () => 'answered',
      () => 'cut off',
    );
    await echo(site, '/the-one-before-is-in');
    await site.stop();
    expect(await open).toBe('cut off');
    expect(isAlive(pid)).toBe(false);
    await expect(send(site, '/')).rejects.toThrow('ECONNREFUSED');
    expect(readdirSync(own).filter((name) => name.startsWith('iis-'))).toEqual([]);
    rmSync(own, { recursive: true });
    if (before === undefined) delete process.env[variable];
    else process.env[variable] = before;
  });

  it('ends when the process that plays IIS is killed', async () => {
    const { root, webConfigPath, logDirectory } = writeSite({});
    const parent = spawn(process.execPath, [join(__dirname, 'fixtures', 'parent.js'), webConfigPath, logDirectory], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const [line] = (await once(parent.stdout, 'data')) as [Buffer];
    const pid = Number(line.toString());
    expect(isAlive(pid)).toBe(true);
    parent.kill('SIGKILL');
    await until(() => !isAlive(pid));
    rmSync(root, { recursive: true, force: true });
  });
});

describe('the W3C log', () => {
  it('has one line a request, with both correlation IDs and what IIS measures', async () => {
    let now = Date.parse('2026-03-01T23:59:59.400Z');
    const { site, log, logDirectory } = await openSite({ options: { clock: () => now } });
    await send(site, '/twice?a=%20+b', {
      headers: ['X-Correlation-Id', 'from the client', 'User-Agent', 'lab 1', 'Referer', 'https://a/'],
    });
    expect(site.w3cLogFile()).toBe(join(logDirectory, 'W3SVC1', 'u_ex260301_x.log'));
    const [line] = await log();
    expect(line).toMatchObject({
      date: '2026-03-01',
      time: '23:59:59',
      's-ip': '127.0.0.1',
      'cs-method': 'GET',
      'cs-uri-stem': '/twice',
      'cs-uri-query': 'a=%20+b',
      's-port': String(site.port),
      'cs-username': '-',
      'c-ip': '127.0.0.1',
      'cs(User-Agent)': 'lab+1',
      'cs(Referer)': 'https://a/',
      'sc-status': '201',
      'sc-substatus': '0',
      'sc-win32-status': '0',
      'cs-correlation-id': 'from+the+client',
      'sc-correlation-id': 'from-the-app',
    });
    expect(Number(line?.['time-taken'])).toBeGreaterThan(0);

    const firstFile = site.w3cLogFile();
    now += 1_000;
    await send(site, '/twice');
    expect(await log()).toHaveLength(1);
    expect(site.w3cLogFile()).toMatch(/u_ex260302_x\.log$/);
    const text = readFileSync(firstFile, 'utf8');
    expect(text.match(/^#Fields: .* time-taken cs-correlation-id sc-correlation-id sc-user-hash\r$/gm)).toHaveLength(1);
  });

  it('is written a little later, without anybody asking', async () => {
    const { site } = await openSite();
    await echo(site, '/');
    await until(() => existsSync(site.w3cLogFile()));
  });

  it('has another block of directives after a restart of the site', async () => {
    const first = await openSite();
    await echo(first.site, '/');
    await first.site.stop();
    const second = await openSite({ options: { logDirectory: first.logDirectory } });
    await echo(second.site, '/');
    expect(await second.log()).toHaveLength(2);
    expect(readFileSync(second.site.w3cLogFile(), 'utf8').match(/^#Fields: /gm)).toHaveLength(2);
  });
});

describe('what a site cannot do', () => {
  const failure = async (setup: Parameters<typeof openSite>[0]): Promise<unknown> =>
    openSite(setup).then(
      () => undefined,
      (error: unknown) => error,
    );

  it.each([
    [
      'rule with conditions',
      '<rule name="r"><match url=".*" /><conditions><add input="{URL}" pattern="a" /></conditions><action type="Rewrite" url="server.js" /></rule>',
    ],
    [
      'rule with variables',
      '<rule name="r"><match url="(.*)" /><action type="Rewrite" url="server.js/{R:1}" /></rule>',
    ],
  ])('refuses to start with a %s', async (_, rules) => {
    expect(await failure({ rules })).toMatchObject({
      code: 'relay_failed',
      message: expect.stringContaining('line 5'),
    });
  });

  it('refuses a port in use, an unknown option and a script that is missing', async () => {
    const { site } = await openSite();
    expect(await failure({ options: { port: site.port } })).toMatchObject({ code: 'relay_failed' });
    expect(await failure({ options: { prot: 1 } as never })).toMatchObject({ code: 'option_unknown' });
    const { root, webConfigPath, logDirectory } = writeSite({});
    rmSync(join(root, 'server.js'));
    expect(await failure({ options: { webConfigPath, logDirectory } })).toMatchObject({ code: 'relay_failed' });
    rmSync(root, { recursive: true, force: true });
  });

  it('says what is on in web.config and not emulated', async () => {
    const warned: unknown[] = [];
    const silent = (): void => {};
    const logger = {
      error: silent,
      info: silent,
      debug: silent,
      warn: (_: string, fields: unknown) => warned.push(fields),
    };
    await openSite({
      iisnode: { debuggingEnabled: 'false', nodeProcessStickySessions: 'true' },
      rules: '<rule name="to-https"><match url=".*" /><action type="Redirect" url="https://a/" /></rule>',
      options: { logger: logger },
    });
    expect(warned).toEqual([
      { setting: 'nodeProcessStickySessions' },
      { rule: 'to-https', action: 'Redirect', line: 5 },
    ]);
  });
});
