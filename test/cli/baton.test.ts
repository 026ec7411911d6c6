import { readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import { BATON, temporaryFolder } from '../support/example';
import { runNode } from '../support/processes';

const { version } = JSON.parse(readFileSync(path.join(__dirname, '..', '..', 'package.json'), 'utf8')) as {
  version: string;
};

const baton = (...args: string[]) => runNode([BATON, ...args]);

it.each<[string[], RegExp]>([
  [[], /^Usage: baton <command>[^]*\n {2}audit [^]*\n {2}dev [^]*\n {2}token /],
  [['--help'], /^Usage: baton <command>/],
  [['-h'], /^Usage: baton <command>/],
  [['help'], /^Usage: baton <command>/],
  [['dev', '--help'], /^Usage: baton dev [^]*--config[^]*--logs[^]*--verbose/],
  [
    ['keys', '--help'],
    /^Usage: baton keys <create\|rotate\|jwks\|status> <ring> [^]*--publish-seconds[^]*--token-seconds/,
  ],
  [['token', '-h'], /^Usage: baton token <username> [^]*--actor[^]*--config/],
  [['--version'], new RegExp(`^${version}\n$`)],
  [['-v'], new RegExp(`^${version}\n$`)],
])('baton %j answers on standard output', async (args, said) => {
  const { exit, stdout, stderr } = await baton(...args);
  expect({ exit, stderr }).toEqual({ exit: 0, stderr: '' });
  expect(stdout).toMatch(said);
});

it.each<[string[], number, string]>([
  [['dve'], 2, 'the command "dve" is not known here; did you mean "dev"?'],
  [['constructor'], 2, 'the command "constructor" is not known here'],
  [['dev', '--confg', 'x.json'], 2, 'The option "--confg" is not known here; did you mean "--config"?'],
  [['dev', '--config'], 2, '--config needs a value.'],
  [['dev', '--verbose=x'], 2, '--verbose takes no value.'],
  [['dev', 'now'], 2, '"now" is one argument too many.'],
  [['token'], 2, 'The <username> is missing.'],
  [['token', 'carla', 'ada'], 2, '"ada" is one argument too many.'],
  [['token', 'carla', '--actr', 'x'], 2, 'The option "--actr" is not known here; did you mean "--actor"?'],
])('baton %j ends with exit code %i and how it is used', async (args, code, said) => {
  const { exit, stdout, stderr } = await baton(...args);
  expect({ exit, stdout }).toEqual({ exit: code, stdout: '' });
  expect(stderr).toContain(`baton: ${said}`);
  expect(stderr).toContain('Usage: baton ');
  expect(stderr).not.toMatch(/^ {4}at /m);
});

it.each(['dev', 'token carla'])('baton %s names the configuration that is not there', async (command) => {
  const cwd = temporaryFolder();
  const { exit, stderr } = await runNode([BATON, ...command.split(' ')], { cwd });
  rmSync(cwd, { recursive: true });
  expect(exit).toBe(1);
  expect(stderr.trimEnd().split('\n').at(-1)).toBe('More on relay_failed: npx baton explain relay_failed');
  expect(stderr).toContain(
    `baton: ${path.join(cwd, 'baton.dev.json')} cannot be read (ENOENT: no such file or folder).`,
  );
});
