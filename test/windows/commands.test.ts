import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { copyExample, type ExampleCopy } from '../support/example';
import { waitFor } from '../support/wait';
import { BOOT_MS, bootWindows, describeOnWindows, type WindowsMachine, type WindowsRun } from './support/wine';

jest.setTimeout(60_000);

/** Holds the file open until the file `stop` is there. */
const HOLD = `
const { existsSync, openSync, writeFileSync } = require('node:fs');
const [, file, ready, stop] = process.argv;
openSync(file, 'r');
writeFileSync(ready, '');
setInterval(() => existsSync(stop) && process.exit(), 20);
`;

/** Loads what it is given, and says how many that were. */
const LOAD = 'console.log(process.argv.slice(1).map((name) => require(name)).length)';

/** Listens with what the environment says, and prints what comes of it. */
const LISTEN = `
const { listen } = require('iis-baton/iis');
const show = (text) => { console.log(text); process.exit(); };
listen(() => {}, { port: Number(process.argv[1] || 0), onListening: show }).on('error', (error) => show(error.message));
`;

/** What the example's policy asks of the environment. */
const VARIABLES = `GATEWAY_ISSUER=https://gateway.example.com
GATEWAY_JWKS_URI=https://keys.example.com/gateway.json
IDP_ISSUER=https://login.example.com
IDP_AUDIENCE=api://invoices
APP_ISSUER=https://invoices.example.com
APP_JWKS_URI=https://keys.example.com/invoices.json
AWS_ACCOUNT=123456789012
`.replaceAll('\n', '\r\n');

describeOnWindows('under node.exe', () => {
  let machine: WindowsMachine;
  let copy: ExampleCopy;
  const windows = (...names: string[]): string => machine.windowsPath(path.join(copy.app, ...names));
  const node = (args: readonly string[], env: Record<string, string> = {}): Promise<WindowsRun> =>
    machine.run(args, { cwd: copy.app, env });
  const baton = (...args: string[]): Promise<WindowsRun> =>
    node([windows('..', '..', 'dist', 'cli', 'baton.js'), ...args]);
  const json = (name: string): unknown => JSON.parse(readFileSync(path.join(copy.app, name), 'utf8'));

  const keysIn = (name: string): unknown[] => (json(name) as { keys: unknown[] }).keys;

  beforeAll(async () => {
    machine = await bootWindows();
    copy = copyExample(path.join(machine.drive, 'Program Files', 'invoices'));
  }, BOOT_MS);
  afterAll(() => machine?.remove());

  it('every subpath loads', async () => {
    const { exports } = json('../../package.json') as { exports: Record<string, unknown> };
    const names = Object.keys(exports)
      .filter((name) => !name.endsWith('.json'))
      .map((name) => name.replace('.', 'iis-baton'));
    const { stdout, stderr } = await node(['-e', LOAD, ...names]);
    expect({ stdout, stderr }).toEqual({ stdout: `${names.length}\n`, stderr: '' });
  });

  it('baton helps with itself and with each of its commands', async () => {
    const { exit, stdout } = await baton('--help');
    const commands = [...stdout.matchAll(/^ {2}(\w+) {2,}/gm)].map(([, name]) => name!);
    expect({ exit, commands }).toEqual({ exit: 0, commands: expect.arrayContaining(['dev', 'keys', 'policy']) });
    const helps = await Promise.all(commands.map((name) => baton(name, '--help')));
    expect(helps.map(({ exit: code, stdout: text }) => [code, text.includes('Usage: baton')])).toEqual(
      commands.map(() => [0, true]),
    );
  });

  it('baton keys makes a ring, never over another, and rotates it while somebody reads it', async () => {
    const create = (): Promise<WindowsRun> => baton('keys', 'create', 'ring.json', '--jwks', 'keys.jwks.json');
    expect((await create()).exit).toBe(0);
    const again = await create();
    expect(again).toMatchObject({ exit: 1, stderr: expect.stringContaining('EEXIST') });

    const inApp = (name: string): string => path.join(copy.app, name);
    const held = node(['-e', HOLD, 'ring.json', 'ready', 'stop']);
    await waitFor('the reader', () => existsSync(inApp('ready')));
    const rotation = baton('keys', 'rotate', 'ring.json', '--jwks', 'keys.jwks.json');
    // What comes next is the ring's new text in the place of the old.
    const published = waitFor('the published key', () => keysIn('keys.jwks.json').length === 2);
    await Promise.race([published, rotation]);
    writeFileSync(inApp('stop'), '');
    expect((await held).exit).toBe(0);
    await published;
    expect(await rotation).toMatchObject({ exit: 0, stdout: expect.stringMatching(/^signing .*\n?published /m) });
    expect(keysIn('ring.json')).toHaveLength(2);
  });

  it('baton policy reads what Notepad and PowerShell save', async () => {
    const text = readFileSync(path.join(copy.app, 'baton.policy.json'), 'utf8').replaceAll('\n', '\r\n');
    copy.write('dev.env', VARIABLES);
    copy.write('utf8.json', `\uFEFF${text}`);
    writeFileSync(path.join(copy.app, 'utf16.json'), Buffer.from(`\uFEFF${text}`, 'utf16le'));
    for (const name of ['utf8.json', 'utf16.json']) {
      const { exit, stdout, stderr } = await baton(
        'policy',
        'diff',
        'baton.policy.json',
        name,
        '--exit-code',
        '--env-file',
        'dev.env',
      );
      expect({ name, exit, stdout, stderr }).toMatchObject({ exit: 0, stderr: '' });
    }
  });

  it.each([
    ['a pipe, in any letter case', String.raw`\\.\PIPE\Invoices`, /^\\\\\.\\PIPE\\Invoices$/m],
    [
      'no pipe but a path',
      String.raw`C:\invoices.sock`,
      /^Cannot listen on C:\\invoices\.sock \(EACCES\).* pipes: \\\\\.\\pipe\\name\.$/m,
    ],
    [
      'a pipe of another machine',
      String.raw`\\server\pipe\invoices`,
      /^Cannot listen on \\\\server\\pipe\\invoices \(E\w+\)/m,
    ],
  ])('listen is told %s', async (_, pipe, said) => {
    const { stdout, stderr } = await node(['-e', LISTEN], { IISNODE_VERSION: '0.2.26', PORT: pipe });
    expect({ stdout, stderr }).toEqual({ stdout: expect.stringMatching(said), stderr: '' });
  });
});
