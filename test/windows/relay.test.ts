import path from 'node:path';
import { copyExample } from '../support/example';
import { BOOT_MS, bootWindows, describeOnWindows, PRELOAD, type WindowsMachine } from './support/wine';

describeOnWindows('the whole relay on Windows: sign-in, gateways, IIS, the app on named pipes, Lambda', () => {
  let machine: WindowsMachine;
  let result: { readonly rows: readonly { readonly name: string; readonly ok: boolean }[] };

  beforeAll(async () => {
    machine = await bootWindows();
    const copy = copyExample(path.join(machine.drive, 'work'));
    // Functions get no environment but their own.
    copy.edit('baton.dev.json', ({ environment }) => (environment.NODE_OPTIONS = PRELOAD));
    const demo = machine.windowsPath(path.join(copy.app, 'demo.js'));
    const logs = machine.windowsPath(copy.folder('logs'));
    const { stdout, stderr } = await machine.run([demo, '--json', '--logs', logs]);
    if (!stdout.startsWith('{')) throw new Error(`The demo printed no result: ${stderr}`);
    result = JSON.parse(stdout);
  }, BOOT_MS);
  afterAll(() => machine?.remove());

  it('has every step of the demo as expected', () => {
    expect(result.rows.filter(({ ok }) => !ok)).toEqual([]);
    expect(result.rows.map(({ name }) => name)).toEqual(
      expect.arrayContaining(['approver approves', 'clerk has Lambda render', 'app killed, next request']),
    );
  });
});
