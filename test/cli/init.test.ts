import fs, { chmodSync, existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { PassThrough } from 'node:stream';
import { init } from '../../src/cli/init';
import { askRest, personAt } from '../../src/cli/init/questions';
import { readProject } from '../../src/scaffold/project';
import { appFolder, GENERATED_APP, SINGLE_FILE_APP, type AppFolder } from '../support/app-folder';
import { itOnPosix } from '../support/processes';

let app: AppFolder;
let printed: string;
beforeEach(() => {
  app = appFolder(GENERATED_APP);
  printed = '';
  jest.spyOn(console, 'log').mockImplementation((text: string) => void (printed += `${text}\n`));
  jest.spyOn(process, 'cwd').mockImplementation(() => app.folder);
});
afterEach(() => {
  jest.restoreAllMocks();
  process.exitCode = undefined;
  app.remove();
});

/** Every file below the app's folder and beside it, with its text. */
function allFiles(): Record<string, string> {
  const names = readdirSync(app.pathOf('..'), { recursive: true, withFileTypes: true }).filter((entry) =>
    entry.isFile(),
  );
  const paths = names.map(({ parentPath, name }) => `${parentPath}/${name}`).sort();
  return Object.fromEntries(paths.map((path) => [path.slice(app.folder.length + 1), readFileSync(path, 'utf8')]));
}

/** Runs `baton init` in the app's folder; gives what it printed, and its exit code. */
async function run(...args: string[]): Promise<{ printed: string; exit: number | string }> {
  printed = '';
  process.exitCode = undefined;
  await init(args);
  const exit = process.exitCode ?? 0;
  process.exitCode = undefined;
  return { printed, exit };
}

it('--yes writes what is missing, and shows what the app needs without changing it', async () => {
  const before = allFiles();
  const first = await run('--yes');
  expect(first.exit).toBe(0);
  expect(first.printed).toContain('Express 5, app in app.js (CommonJS), started by bin/www');
  expect(first.printed).toContain('  PUT     /invoices/{id}               invoices:write');
  expect(first.printed).toContain('Your app.js is not changed. What it needs:\n\n--- a/app.js\n+++ b/app.js\n@@');
  expect(first.printed).toContain('+app.use(baton());');
  const after = allFiles();
  expect(Object.fromEntries(Object.keys(before).map((name) => [name, after[name]]))).toEqual(before);
  for (const name of ['site/web.config', 'config/baton.policy.json', 'aws/template.yaml', 'baton.dev.json']) {
    expect(after[name]).toBeTruthy();
    expect(first.printed).toContain(`  ${name} `);
  }

  const second = await run('--yes');
  expect(second.exit).toBe(0);
  expect(allFiles()).toEqual(after);
  expect(second.printed).toContain('Kept: keys that are there are never made anew:\n  config/keys/gateway.ring.json');
  expect(second.printed).not.toContain('Written:');
});

it('--apply-entry changes the app as shown, once', async () => {
  await run('--yes');
  const shown = await run('--yes', '--apply-entry');
  expect(shown.printed).toContain('Changed app.js:\n\n--- a/app.js');
  expect(readFileSync(app.pathOf('app.js'), 'utf8')).toContain('\napp.use(baton());');
  const changed = allFiles();
  const again = await run('--yes', '--apply-entry');
  expect(again).toEqual({ printed: expect.stringContaining('app.js uses Baton already.'), exit: 0 });
  expect(allFiles()).toEqual(changed);
});

it('a file that is there is never written over: it says what it would have written, and ends with 1', async () => {
  app.write('config/baton.policy.json', '{ "mine": true }\n');
  app.write('aws/template.yaml', '# mine\n');
  const { printed: said, exit } = await run('--yes');
  expect(exit).toBe(1);
  expect(readFileSync(app.pathOf('config/baton.policy.json'), 'utf8')).toBe('{ "mine": true }\n');
  expect(readFileSync(app.pathOf('aws/template.yaml'), 'utf8')).toBe('# mine\n');
  expect(said).toMatch(/Left alone: .*:\n {2}config\/baton\.policy\.json .*\n {2}aws\/template\.yaml /);
  expect(said).toContain('--- a/config/baton.policy.json\n+++ b/config/baton.policy.json\n');
  expect(said).toContain('-{ "mine": true }\n');
  expect(said).toContain('+  "application": "invoice-desk",\n');
  expect(existsSync(app.pathOf('site/web.config'))).toBe(true);
});

it('a file that somebody saved again in another encoding of Windows is the same file', async () => {
  await run('--yes');
  for (const name of ['site/web.config', 'config/baton.policy.json']) {
    writeFileSync(app.pathOf(name), Buffer.from(`\uFEFF${readFileSync(app.pathOf(name), 'utf8')}`, 'utf16le'));
  }
  expect(await run('--yes')).toMatchObject({ exit: 0 });
});

it('a ring that is there keeps its public half from being made for another', async () => {
  app.write('config/keys/gateway.ring.json', 'mine');
  expect((await run('--yes')).exit).toBe(0);
  expect(readFileSync(app.pathOf('config/keys/gateway.ring.json'), 'utf8')).toBe('mine');
  expect(existsSync(app.pathOf('config/keys/gateway.jwks.json'))).toBe(false);
});

it.each([
  ['the ring', 'gateway.ring.json'],
  ['its public half', 'gateway.jwks.json'],
])('keys are there whole or not at all: the disk is full when %s is written', async (_which, name) => {
  let open = -1;
  const { openSync, writeFileSync: write } = fs;
  jest.spyOn(fs, 'openSync').mockImplementation((file, ...more) => {
    const opened = openSync(file, ...more);
    if (String(file).endsWith(name)) open = opened;
    return opened;
  });
  jest.spyOn(fs, 'writeFileSync').mockImplementation((file, text, ...more) => {
    if (file !== open && !String(file).endsWith(name)) return write(file, text, ...more);
    write(file, String(text).slice(0, 9), ...more);
    throw Object.assign(new Error('full'), { code: 'ENOSPC' });
  });
  await expect(run('--yes')).rejects.toThrow(`config/keys/${name} cannot be written (ENOSPC: the disk is full).`);
  jest.mocked(fs.openSync).mockRestore();
  jest.mocked(fs.writeFileSync).mockRestore();
  expect(readdirSync(app.pathOf('config/keys'))).toEqual(['.gitignore']);
  expect((await run('--yes')).printed).not.toContain('Kept:');
  expect(existsSync(app.pathOf('config/keys/gateway.jwks.json'))).toBe(true);
});

it('--dry-run writes nothing, not even the change that was asked for', async () => {
  const before = allFiles();
  const { printed: said, exit } = await run('--dry-run', '--apply-entry');
  expect(exit).toBe(0);
  expect(said).toContain('Would write:\n  site/web.config');
  expect(said).toContain('Your app.js is not changed.');
  expect(allFiles()).toEqual(before);
});

itOnPosix('the private key is for its owner alone', async () => {
  await run('--yes');
  const modeOf = (name: string): string => (statSync(app.pathOf(name)).mode & 0o777).toString(8);
  expect([modeOf('config/keys/gateway.ring.json'), modeOf('config/keys/gateway.jwks.json')]).toEqual(['600', '644']);
});

it('prints no part of a private key', async () => {
  const { printed: said } = await run('--yes');
  const ring = JSON.parse(readFileSync(app.pathOf('config/keys/gateway.ring.json'), 'utf8'));
  expect(ring.keys[0].key.d).toMatch(/^[\w-]{43}$/);
  expect(said).not.toContain(ring.keys[0].key.d);
});

it('options end up where they belong', async () => {
  await run(
    ...['--yes', '--name', 'desk', '--issuer', 'https://login.example.org/t', '--audience', 'api://desk'],
    ...['--host', 'desk.example.org', '--site', 'Desk', '--region', 'eu-central-1', '--account', '210987654321'],
    ...['--api', 'http', '--function', 'render'],
  );
  const files = allFiles();
  expect(files['site/web.config']).toContain('key="IDP_ISSUER" value="https://login.example.org/t"');
  expect(files['site/web.config']).toContain('key="AWS_ACCOUNT" value="210987654321"');
  expect(files['aws/samconfig.toml']).toContain('region = "eu-central-1"');
  expect(files['aws/samconfig.toml']).toContain('"OriginHost=desk.example.org"');
  expect(files['config/iis-log-fields.ps1']).toContain("$site = 'Desk'");
  expect(JSON.parse(files['config/baton.policy.json']!)).toMatchObject({
    application: 'desk',
    edge: { audience: 'desk.example.org' },
    functions: { render: { permission: 'render:invoke' } },
  });
  expect(files).toHaveProperty(['aws/gateway.http.openapi.json']);
});

it.each([
  [['--yes', '--nam', 'x'], 'The option "--nam" is not known here; did you mean "--name"?'],
  [['--yes', '--host', 'https://x'], '--host must be a host name'],
  [['--yes', '--edge', 'aws-abl'], 'did you mean "aws-alb"?'],
  [[], 'Nobody can answer questions here: give --yes.'],
])('baton init %j is wrong usage, and writes nothing', async (args, said) => {
  jest.spyOn(process, 'stdin', 'get').mockReturnValue(new PassThrough() as never);
  const before = allFiles();
  const failed = expect.objectContaining({ reason: 'usage', message: expect.stringContaining(said) });
  await expect(run(...args)).rejects.toEqual(failed);
  expect(allFiles()).toEqual(before);
});

it('a folder without an app says what is missing', async () => {
  app.remove();
  app = appFolder({});
  await expect(run('--yes')).rejects.toThrow('There is no package.json');
});

itOnPosix('a folder that cannot be written to is said by the path of the file', async () => {
  if (process.getuid?.() === 0) app.write('site', 'a file where a folder should be');
  else chmodSync(app.folder, 0o500);
  await expect(run('--yes')).rejects.toThrow(/^site\/web\.config cannot be written \(E/);
  if (process.getuid?.() !== 0) chmodSync(app.folder, 0o700);
});

it('an app that cannot be found in the source gets everything else, and what to write by hand', async () => {
  app.remove();
  app = appFolder({ ...SINGLE_FILE_APP, 'server.js': 'require("./made-elsewhere")();' });
  const { printed: said, exit } = await run('--yes');
  expect(exit).toBe(0);
  expect(said).toContain('Mount Baton in your app by hand:\n\n  app.use(baton());');
});

describe('a person', () => {
  const talk = (...lines: string[]) => {
    const input = new PassThrough();
    const output = new PassThrough();
    let seen = '';
    output.setEncoding('utf8').on('data', (text: string) => {
      seen += text;
      // One line an answer, when it is asked for; then the person leaves.
      if (!/[:\]] $/.test(seen)) return;
      const line = lines.shift();
      if (line === undefined) input.end();
      else input.write(`${line}\n`);
    });
    return { input, output, seen: () => seen, sit: () => personAt(input, output) };
  };

  it('is asked what nobody can guess, with what an empty answer means', async () => {
    const { sit, seen } = talk('desk', 'https://login.example.org', '', 'desk.example.org', 'http');
    const person = sit();
    const answers = await askRest(person, readProject(app.folder), {});
    person.leave();
    expect(answers).toEqual({
      name: 'desk',
      issuer: 'https://login.example.org',
      audience: 'api://desk',
      host: 'desk.example.org',
      api: 'http',
    });
    expect(seen()).toContain('Name of the application (invoice-desk): ');
    expect(seen()).toContain('Audience of those tokens (api://desk): ');
  });

  it('is not asked what an option said, nor what the edge has no use for', async () => {
    const { sit, seen } = talk('desk');
    const person = sit();
    expect(await askRest(person, readProject(app.folder), { edge: 'google-iap' })).toEqual({
      edge: 'google-iap',
      name: 'desk',
    });
    person.leave();
    expect(seen().match(/: /g)).toHaveLength(1);
  });

  it.each([
    ['y', true],
    ['', false],
  ])('who answers the question about the app with %j decides on it: %s', async (answer, agreed) => {
    const { input, output, seen } = talk('', '', '', '', '', answer);
    jest.spyOn(process, 'stdin', 'get').mockReturnValue(Object.assign(input, { isTTY: true }) as never);
    jest.spyOn(process, 'stdout', 'get').mockReturnValue(output as never);
    const { exit, printed: said } = await run();
    expect(exit).toBe(0);
    expect(seen()).toContain('Change app.js like this? [y/N] ');
    // Seen once, before the question.
    expect(said.match(/^\+app\.use\(baton\(\)\);/gm)).toHaveLength(1);
    expect(readFileSync(app.pathOf('app.js'), 'utf8').includes('app.use(baton());')).toBe(agreed);
    expect(JSON.parse(allFiles()['config/baton.policy.json']!).application).toBe('invoice-desk');
  });

  it.each([
    ['y', true],
    ['YES', true],
    ['', false],
    ['n', false],
    ['yesterday', false],
  ])('says %j: %s', async (answer, agreed) => {
    const person = talk(answer).sit();
    expect(await person.agrees('Change app.js like this?')).toBe(agreed);
    person.leave();
  });

  it('who leaves in the middle of the questions gets no file', async () => {
    const { input, output, seen } = talk('desk');
    const before = allFiles();
    jest.spyOn(process, 'stdin', 'get').mockReturnValue(Object.assign(input, { isTTY: true }) as never);
    jest.spyOn(process, 'stdout', 'get').mockReturnValue(output as never);
    await expect(run()).rejects.toThrow('nothing was written');
    expect(seen()).toContain('Issuer of');
    expect(allFiles()).toEqual(before);
  });

  it('who is gone agrees to nothing', async () => {
    const input = new PassThrough();
    const person = personAt(input, new PassThrough());
    const answer = person.agrees('Change app.js like this?');
    input.end();
    expect(await answer).toBe(false);
    await expect(person.ask('Name', 'usual')).rejects.toThrow('Left without an answer');
  });
});
