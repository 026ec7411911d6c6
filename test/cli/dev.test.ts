import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { BATON, copyExample, type ExampleCopy } from '../support/example';
import { send } from '../support/http-client';
import { itOnPosix, runNode, startNode, type NodeRun } from '../support/processes';
import { waitFor } from '../support/wait';

jest.setTimeout(30_000);

let copy: ExampleCopy;
let relay: NodeRun;
let temporary: string;
let logs: string;

function launch(): void {
  relay = startNode([BATON, 'dev', '--logs', logs], { cwd: copy.app, env: { TMPDIR: temporary } });
}

/** Starts `baton dev` in the app's folder, where it finds its configuration by itself. */
function startDev(): void {
  copy = copyExample();
  temporary = copy.folder('t');
  logs = path.join(copy.folder('logs'), 'here');
  launch();
}

const stateFile = (): string => path.join(copy.app, '.baton', 'relay.json');
const token = (...args: string[]) => runNode([BATON, 'token', ...args], { cwd: copy.app });
const urlOf = (name: string): string => new RegExp(`^ +${name} +(http://\\S+)`, 'm').exec(relay.stdout)![1]!;

async function clean(): Promise<void> {
  await relay.end();
  copy.remove();
}

/** Nothing of the relay may be left: no process, no key on the disk, no note for `baton token`. */
function expectNothingLeft(): void {
  expect({
    processes: relay.family(),
    files: readdirSync(temporary),
    note: existsSync(stateFile()),
  }).toEqual({ processes: [], files: [], note: false });
}

describe('baton dev', () => {
  beforeAll(async () => {
    startDev();
    await relay.prints('Ctrl-C ends it.');
  });
  afterAll(clean);

  it('prints where everything is, and a call to try', async () => {
    for (const name of ['API \\(HTTP API\\)', 'API \\(REST API\\)', 'IIS']) {
      expect((await send(`${urlOf(name)}/health`)).body).toEqual({ status: 'ok' });
    }
    const discovery = await send(`${urlOf('sign-in')}/.well-known/openid-configuration`);
    expect(discovery.body.issuer).toBe(urlOf('sign-in'));
    expect(relay.stdout).toContain(logs);
    expect(relay.stdout).toContain('Users: carla, ada.');
    expect(relay.stdout).toMatch(/curl .*npx baton token carla/);
  });

  it('gives another process tokens that work: of a user, and of an actor for a user', async () => {
    const carla = await token('carla');
    expect({ exit: carla.exit, stderr: carla.stderr }).toEqual({ exit: 0, stderr: '' });
    expect(carla.stdout).toMatch(/^[\w-]+\.[\w-]+\.[\w-]+\n$/);
    const copilot = await token('ada', '--actor', 'invoice-copilot');

    const api = urlOf('API \\(HTTP API\\)');
    const read = (run: { stdout: string }) => send(`${api}/invoices/7`, { token: run.stdout.trim() });
    expect((await read(carla)).body.seenByApp).toMatchObject({ name: 'carla', roles: ['clerk'] });
    expect((await read(copilot)).body.seenByApp).toMatchObject({ name: 'ada', actor: 'invoice-copilot' });
    const approve = { method: 'POST', token: copilot.stdout.trim() };
    expect((await send(`${api}/invoices/7/approve`, approve)).status).toBe(403);
  });

  it.each<[string[], string]>([
    [['karla'], 'The user "karla" is not known here; did you mean "carla"?'],
    [['ada', '--actor', 'invoice-copilo'], 'did you mean "invoice-copilot"?'],
    [['ada', '--actor', 'invoices-web'], '"invoices-web" has no secret'],
  ])('baton token %j says what is wrong', async (args, said) => {
    const { exit, stdout, stderr } = await token(...args);
    expect({ exit, stdout }).toEqual({ exit: 1, stdout: '' });
    expect(stderr).toContain(said);
    expect(stderr).not.toMatch(/^ {4}at /m);
  });

  it('keeps no secret in the note that baton token reads', () => {
    const { users, clients } = JSON.parse(readFileSync(copy.configFile, 'utf8')).identityProvider;
    expect(clients[1].clientSecret).toBeTruthy();
    const note = readFileSync(stateFile(), 'utf8');
    expect(readFileSync(path.join(path.dirname(stateFile()), '.gitignore'), 'utf8')).toBe('*\n');
    expect(JSON.parse(note)).toEqual({
      pid: relay.pid,
      issuer: urlOf('sign-in'),
      tokenEndpoint: `${urlOf('sign-in')}/token`,
    });
    expect(users).toHaveLength(2);
  });

  it('is refused a second time for the same configuration, and goes on', async () => {
    const second = await runNode([BATON, 'dev'], { cwd: copy.app });
    expect(second.exit).toBe(1);
    expect(second.stderr).toContain(`A relay runs for baton.dev.json already, as process ${relay.pid}.`);
    expect(existsSync(stateFile())).toBe(true);
  });

  itOnPosix('ends everything on Ctrl-C', async () => {
    expect(relay.family().length).toBeGreaterThan(1);
    const api = urlOf('API \\(HTTP API\\)');
    relay.signal('SIGINT');
    expect(await relay.ended).toBe(0);
    expectNothingLeft();
    await expect(send(`${api}/health`)).rejects.toThrow('ECONNREFUSED');
    expect((await token('carla')).stderr).toContain('No relay runs for baton.dev.json.');
  });
});

describe('baton dev, interrupted', () => {
  beforeEach(startDev);
  afterEach(clean);

  itOnPosix('ends what it has started where that happens during the start', async () => {
    // The folder for logs is made before anything is started.
    await waitFor('the start', () => existsSync(logs));
    relay.signal('SIGTERM');
    expect(await relay.ended).toBe(0);
    expectNothingLeft();
  });

  itOnPosix('starts again over the note of a relay that was killed', async () => {
    await relay.prints('Ctrl-C ends it.');
    relay.signal('SIGKILL');
    await relay.ended;
    expect(existsSync(stateFile())).toBe(true);
    expect((await token('carla')).stderr).toContain('No relay runs for baton.dev.json.');
    launch();
    await relay.prints('Ctrl-C ends it.');
    expect((await token('carla')).exit).toBe(0);
  });
});
