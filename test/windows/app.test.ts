import { randomUUID } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { copyExample, type ExampleCopy } from '../support/example';
import { oneConnection, send, type Answer } from '../support/http-client';
import { APP_ISSUER, ISSUER, makeKey, PROVIDER_AUDIENCE, PROVIDER_ISSUER, transactionToken } from '../support/tokens';
import { waitFor } from '../support/wait';
import { startHost, type WindowsHost } from './support/host';
import { BOOT_MS, bootWindows, describeOnWindows, type WindowsMachine } from './support/wine';

jest.setTimeout(60_000);

const BYTE_ORDER_MARK = '\uFEFF';
const gatewayKey = makeKey();
const attackerKey = makeKey();

/** As Notepad saves it. */
const notepad = (text: string): Buffer => Buffer.from(BYTE_ORDER_MARK + text.replaceAll('\n', '\r\n'));
/** As `>` of Windows PowerShell writes it. */
const powerShell = (text: string): Buffer => Buffer.from(BYTE_ORDER_MARK + text.replaceAll('\n', '\r\n'), 'utf16le');

const json = (value: unknown): string => JSON.stringify(value, null, 2);
const jsonLines = (file: string): Record<string, unknown>[] =>
  readFileSync(file, 'utf8')
    .split(/\r?\n/)
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line));

/** A header with a token for a caller with these roles. */
function as(roles: readonly string[], { key = gatewayKey, id = 'win-1' } = {}): Record<string, string> {
  const iat = Math.floor(Date.now() / 1000);
  const claims = { iat, exp: iat + 300, rctx: {}, tctx: { roles, kind: 'user', name: 'Ada', policy: 'sha256-abc' } };
  return { 'Txn-Token': transactionToken(key, { claims }), 'X-Correlation-Id': id };
}

/** An app that runs, and how to ask it. */
interface App {
  readonly pid: number;
  ask(target: string, headers?: Record<string, string>, method?: string): Promise<Answer>;
}

describeOnWindows('the app under node.exe on a named pipe', () => {
  let machine: WindowsMachine;
  let host: WindowsHost;
  let copy: ExampleCopy;
  let policyFile: string;
  const inConfig = (name: string): string => path.join(copy.folder('config'), name);
  const inLogs = (name: string): string => path.join(copy.folder('logs'), name);
  const baton = (...args: string[]): ReturnType<WindowsMachine['run']> =>
    machine.run([machine.windowsPath(path.join(copy.app, '..', '..', 'dist', 'cli', 'baton.js')), ...args]);

  /** The example's policy with keys in files, by their Windows paths; `change` changes it further. */
  function policyText(change: (policy: { roles: Record<string, unknown> }) => void = () => {}): string {
    const policy = JSON.parse(readFileSync(path.join(copy.app, 'baton.policy.json'), 'utf8'));
    policy.edge.keys = { file: machine.windowsPath(inConfig('gateway.jwks.json')) };
    policy.handOver.keys = { file: machine.windowsPath(inConfig('hand-over.jwks.json')) };
    change(policy);
    return json(policy);
  }

  /** What iisnode captured, of the files with this in their name. */
  function captured(part: string): string {
    const names = existsSync(inLogs('iisnode')) ? readdirSync(inLogs('iisnode')) : [];
    return names
      .filter((name) => name.includes(part))
      .map((name) => readFileSync(path.join(inLogs('iisnode'), name), 'utf8'))
      .join('\n');
  }

  /** Starts the app on a pipe of its own; its log goes to `logFile`, or to standard output, which iisnode captures. */
  async function startApp(logFile?: string): Promise<App> {
    const pipe = `\\\\.\\pipe\\${randomUUID()}`;
    const environment = {
      NODE_ENV: 'production',
      BATON_POLICY: String.raw`..\..\config\baton.policy.json`,
      BATON_HAND_OVER_KEY_FILE: machine.windowsPath(inConfig('hand-over.ring.json')),
      BATON_AUDIT_FILE: machine.windowsPath(inLogs('audit.jsonl')),
      ...(logFile !== undefined && { BATON_LOG_FILE: machine.windowsPath(logFile) }),
      IISNODE_LOGGINGENABLED: '1',
      IISNODE_LOGDIRECTORY: machine.windowsPath(inLogs('iisnode')),
      GATEWAY_ISSUER: ISSUER,
      IDP_ISSUER: PROVIDER_ISSUER,
      IDP_AUDIENCE: PROVIDER_AUDIENCE,
      APP_ISSUER,
      AWS_ACCOUNT: '123456789012',
      AWS_REGION: 'eu-west-1',
    };
    const script = machine.windowsPath(path.join(copy.app, 'server.js'));
    const interceptor = machine.windowsPath(path.join(copy.app, '..', '..', 'dist', 'local', 'interceptor.js'));
    const pid = await host.startApp({ interceptor, script, pipe, environment }).catch((error: unknown) => {
      throw new Error(`${(error as Error).message}\n${captured('-stderr-')}`);
    });
    const url = await host.bridge(pipe);
    // One connection, which is one to the pipe: iisnode keeps its connections too.
    const agent = oneConnection();
    return { pid, ask: (target, headers = {}, method = 'GET') => send(url + target, { method, headers, agent }) };
  }

  const logLine = (file: string, correlationId: string, type: string): Promise<Record<string, unknown>> =>
    waitFor(`the ${type} line of ${correlationId}`, () =>
      jsonLines(file).find((line) => line['correlationId'] === correlationId && line['type'] === type),
    );

  beforeAll(async () => {
    machine = await bootWindows();
    copy = copyExample(path.join(machine.drive, 'inetpub', 'invoices'));
    writeFileSync(inConfig('gateway.jwks.json'), powerShell(json({ keys: [gatewayKey.publicJwk] })));
    const [ring, jwks] = ['hand-over.ring.json', 'hand-over.jwks.json'].map((name) =>
      machine.windowsPath(inConfig(name)),
    );
    const created = await baton('keys', 'create', ring!, '--jwks', jwks!);
    if (created.exit !== 0) throw new Error(`baton keys create failed: ${created.stderr}`);
    policyFile = inConfig('baton.policy.json');
    writeFileSync(policyFile, notepad(policyText()));
    host = await startHost(machine);
  }, BOOT_MS);
  afterAll(async () => {
    await host?.stop();
    await machine?.remove();
  });

  describe('one process', () => {
    let app: App;
    let logFile: string;
    beforeAll(async () => {
      logFile = inLogs('app.jsonl');
      app = await startApp(logFile);
    });
    afterAll(() => app && host.terminate(app.pid));

    it('serves a caller whom the gateway signed, with the correlation ID on the answer and in the log', async () => {
      const answer = await app.ask('/invoices/7', as(['clerk'], { id: 'win-clerk' }));
      expect(answer).toMatchObject({ status: 200, body: { seenByApp: { name: 'Ada', correlationId: 'win-clerk' } } });
      expect(answer.headers['x-correlation-id']).toBe('win-clerk');
      const line = await logLine(logFile, 'win-clerk', 'request');
      expect(line).toMatchObject({ status: 200, path: '/invoices/7', subject: 'entra:7d3c' });
    });

    it.each([
      ['nobody', 401, {}],
      ['a token of another key', 401, () => as(['approver'], { key: attackerKey })],
      [
        'a token with another signature',
        401,
        () => ({ 'Txn-Token': `${as(['clerk'])['Txn-Token']!.slice(0, -8)}AAAAAAAA` }),
      ],
      ['a header that looks like it', 400, () => ({ ...as(['clerk']), Txn_Token: 'x' })],
      ['a clerk who approves', 403, () => as(['clerk'])],
    ])('refuses %s with %i', async (_, status, headers) => {
      const given: Record<string, string> = typeof headers === 'function' ? headers() : headers;
      expect((await app.ask('/invoices/7/approve', given, 'POST')).status).toBe(status);
    });

    it('lets an approver approve, and remembers it', async () => {
      expect((await app.ask('/invoices/7/approve', as(['approver']), 'POST')).status).toBe(200);
      expect((await app.ask('/invoices/7', as(['clerk']))).body.invoice.approvedBy).toBe('entra:7d3c');
    });

    it('takes a policy that is renamed over the old one, and keeps it where the next is broken', async () => {
      const replacePolicy = async (bytes: Buffer): Promise<void> => {
        writeFileSync(`${policyFile}.draft`, bytes);
        await host.replace(machine.windowsPath(`${policyFile}.draft`), machine.windowsPath(policyFile));
      };
      await replacePolicy(powerShell(policyText(({ roles }) => (roles['clerk'] = { permissions: [] }))));
      await waitFor('the new policy', async () => (await app.ask('/invoices/7', as(['clerk']))).status === 403);
      await replacePolicy(notepad(policyText().slice(0, -10)));
      await waitFor('the refusal', () => jsonLines(logFile).some(({ code }) => code === 'policy_invalid'));
      expect((await app.ask('/invoices/7', as(['clerk']))).status).toBe(403);
      await replacePolicy(notepad(policyText()));
      await waitFor('the old policy', async () => (await app.ask('/invoices/7', as(['clerk']))).status === 200);
    });

    it('goes on in a new log when the old one was renamed under its hands', async () => {
      await host.replace(machine.windowsPath(logFile), machine.windowsPath(`${logFile}.1`));
      await waitFor('the new log', async () => (await app.ask('/health')).status === 200 && existsSync(logFile));
      await app.ask('/invoices/7', as(['clerk'], { id: 'rotated' }));
      expect(await logLine(logFile, 'rotated', 'request')).toMatchObject({ status: 200 });
      expect(jsonLines(`${logFile}.1`).length).toBeGreaterThan(10);
    });
  });

  it('two processes have their own pipes and one log, and a process that is terminated is followed by another', async () => {
    const logFile = inLogs('two.jsonl');
    const [first, second] = await Promise.all([startApp(logFile), startApp(logFile)]);
    for (const [index, app] of [first, second].entries()) {
      expect((await app.ask('/invoices/7', as(['clerk'], { id: `two-${index}` }))).status).toBe(200);
    }
    await logLine(logFile, 'two-0', 'request');
    await host.terminate(first.pid);
    await expect(first.ask('/health')).rejects.toThrow();
    expect((await second.ask('/health')).status).toBe(200);
    const third = await startApp(logFile);
    expect((await third.ask('/invoices/7', as(['clerk'], { id: 'two-2' }))).status).toBe(200);
    await logLine(logFile, 'two-2', 'request');
    await logLine(logFile, 'two-1', 'request');
    await Promise.all([second, third].map(({ pid }) => host.terminate(pid)));
  });

  it('without a log file it logs to iisnode, one file a process and stream, with Windows line ends', async () => {
    const app = await startApp();
    await app.ask('/invoices/7', as(['clerk'], { id: 'captured' }));
    const file = await waitFor('the file of iisnode', () =>
      readdirSync(inLogs('iisnode')).find((name) => name.includes(`-${app.pid}-stdout-`)),
    );
    await logLine(path.join(inLogs('iisnode'), file), 'captured', 'request');
    expect(readFileSync(path.join(inLogs('iisnode'), file), 'utf8')).not.toMatch(/[^\r]\n/);
    await host.terminate(app.pid);
  });

  it('the audit trail of all of them, terminated without notice, verifies', async () => {
    const { exit, stdout } = await baton('audit', 'verify', machine.windowsPath(inLogs('audit.jsonl')), '--json');
    expect(JSON.parse(stdout)).toMatchObject({ ok: true });
    expect(exit).toBe(0);
    expect(readdirSync(copy.folder('logs')).filter((name) => name.startsWith('audit.')).length).toBeGreaterThan(3);
  });

  it('no log holds a token', () => {
    const logs = copy.folder('logs');
    const files = readdirSync(logs, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
    expect(files.length).toBeGreaterThan(5);
    for (const { parentPath, name } of files)
      expect(readFileSync(path.join(parentPath, name), 'utf8')).not.toMatch(/eyJ[\w-]{8}/);
  });
});
