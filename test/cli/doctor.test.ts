import fs, { cpSync, lstatSync, readFileSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { doctor } from '../../src/cli/doctor';
import { BatonError } from '../../src/core/errors';
import { BATON, temporaryFolder } from '../support/example';
import { itOnPosix, runNode } from '../support/processes';
import { sarifShape } from './sarif-shape';

const FIXTURES = path.join(__dirname, '..', 'doctor', 'fixtures');
const bad = (name: string): string => path.join(FIXTURES, 'bad', name);

let folder: string;
let printed: string[];
beforeEach(() => {
  folder = temporaryFolder();
  printed = [];
  jest.spyOn(console, 'log').mockImplementation((text: string) => void printed.push(text));
});
afterEach(() => {
  jest.restoreAllMocks();
  rmSync(folder, { recursive: true });
});

/** Runs the command in this process. */
function run(...args: string[]): { readonly output: string; readonly exitCode: number } {
  const before = process.exitCode;
  process.exitCode = 0;
  printed = [];
  // Nothing of this machine's environment may take part.
  writeFileSync(path.join(folder, 'empty.env'), '');
  try {
    doctor([...args, '--env-file', path.join(folder, 'empty.env')]);
    return { output: printed.join('\n'), exitCode: process.exitCode };
  } finally {
    process.exitCode = before;
  }
}

function copyOf(name: string): string {
  const copy = path.join(folder, name);
  cpSync(bad(name), copy, { recursive: true });
  return copy;
}

it('says nothing but what it read where nothing is wrong', () => {
  expect(run(path.join(FIXTURES, 'good', 'iis-docs-every-attribute'))).toEqual({
    output: 'Examined: web.config, iisnode.yml.\nNothing found.',
    exitCode: 0,
  });
});

it('says where, what can happen and what to paste', () => {
  const { output, exitCode } = run(bad('iis-dev-errors'));
  expect(output).toMatch(
    /^web\.config:36 error dev-errors-shown\n {2}When the app crashes, .*\n {2}Fix \(docs\/rules\.md#dev-errors-shown\):\n {4}<iisnode devErrorsEnabled="false" \/>\n\nExamined: web\.config\.\nFound: 1 error, 0 warnings, 0 notes\. baton doctor --fix repairs 1 of them\.$/,
  );
  expect(exitCode).toBe(1);
});

it.each<[string, string[], number]>([
  ['iis-sticky-sessions', [], 0],
  ['iis-sticky-sessions', ['--fail-on', 'info'], 1],
  ['iis-errors-replaced', [], 1],
  ['iis-errors-replaced', ['--fail-on', 'error'], 0],
  ['iis-dev-errors', ['--fail-on', 'error'], 1],
  ['iis-dev-errors', ['--fail-on', 'never'], 0],
  ['iis-dev-errors', ['--ignore', 'dev-errors-shown'], 0],
  ['iis-dev-errors', ['--ignore', 'plain-http', '--json'], 1],
])('%s %j ends with %d', (name, args, exitCode) => {
  expect(run(bad(name), ...args).exitCode).toBe(exitCode);
});

it('prints data', () => {
  const { output } = run(bad('iis-yml-undoes-web-config'), '--json');
  expect(JSON.parse(output)).toEqual({
    examined: ['web.config', 'iisnode.yml'],
    findings: [
      expect.objectContaining({ code: 'dev-errors-shown', line: 4 }),
      {
        code: 'debugger-open',
        severity: 'warning',
        file: 'iisnode.yml',
        line: 3,
        message: expect.stringMatching(/^Only your rewrite rules /),
        fix: 'debuggingEnabled: false',
        docs: 'docs/rules.md#debugger-open',
        fixable: false,
      },
    ],
  });
});

describe('SARIF', () => {
  const sarif = (...args: string[]) => JSON.parse(run(...args, '--sarif').output) as { runs: [SarifRun] };
  interface SarifRun {
    results: { ruleId: string; ruleIndex: number; level: string; locations: unknown[]; fixes?: unknown[] }[];
    tool: { driver: { rules: { id: string }[] } };
  }

  it.each(['bad/iis-secrets', 'bad/iis-yml-unreadable', 'bad/iis-promoted-user-open', 'good/iis-baton'])(
    'has the shape of version 2.1.0: %s',
    (name) => {
      const log = sarif(path.join(FIXTURES, name));
      expect(sarifShape(log)).toEqual([]);
      const [{ results, tool }] = log.runs;
      for (const { ruleId, ruleIndex } of results) expect(tool.driver.rules[ruleIndex]?.id).toBe(ruleId);
    },
  );

  it('names files from the working directory, and brings what --fix would do', () => {
    const [result] = sarif(bad('iis-dev-errors')).runs[0].results;
    const uri = 'test/doctor/fixtures/bad/iis-dev-errors/web.config';
    const offset = readFileSync(path.join(bad('iis-dev-errors'), 'web.config'), 'utf8').indexOf('TRUE');
    expect(result).toMatchObject({
      level: 'error',
      locations: [{ physicalLocation: { artifactLocation: { uri }, region: { startLine: 36, startColumn: 7 } } }],
      fixes: [
        {
          artifactChanges: [
            {
              artifactLocation: { uri },
              replacements: [
                { deletedRegion: { charOffset: offset, charLength: 4 }, insertedContent: { text: 'false' } },
              ],
            },
          ],
        },
      ],
    });
  });
});

describe('--fix', () => {
  const DIFF =
    /^--- a\/web\.config\n\+\+\+ b\/web\.config\n@@ [^]*\n- {6}devErrorsEnabled="TRUE"\n\+ {6}devErrorsEnabled="false"\n/;

  it('shows the difference, writes it, and keeps every other byte', () => {
    const copy = copyOf('iis-dev-errors');
    const file = path.join(copy, 'web.config');
    const text = `\uFEFF${readFileSync(file, 'utf8').replaceAll('\n', '\r\n')}`;
    writeFileSync(file, text);
    const { output, exitCode } = run(copy, '--fix');
    expect(output.replaceAll('\r', '')).toMatch(DIFF);
    expect(output).toMatch(/\nweb\.config: written\.\n {2}dev-errors-shown web\.config:36$/);
    expect(exitCode).toBe(0);
    expect(readFileSync(file, 'utf8')).toBe(text.replace('"TRUE"', '"false"'));
  });

  it.each([[['--dry-run']], [['--fix', '--dry-run']]])('%j writes nothing', (flags) => {
    const copy = copyOf('iis-dev-errors');
    const { output, exitCode } = run(copy, ...flags);
    expect(output).toMatch(DIFF);
    expect(output).toContain('not written');
    expect(exitCode).toBe(1);
    expect(readFileSync(path.join(copy, 'web.config'))).toEqual(
      readFileSync(path.join(bad('iis-dev-errors'), 'web.config')),
    );
  });

  it('says what is left, and fails for it', () => {
    const { output, exitCode } = run(copyOf('iis-original-url'), '--fix');
    expect(output).toMatch(/^Nothing that --fix repairs\.\n\nweb\.config:\d+ warning original-url-open\n/);
    expect(exitCode).toBe(1);
  });

  itOnPosix('leaves a link one, and says which file cannot be written', () => {
    const copy = copyOf('iis-dev-errors');
    const file = path.join(copy, 'web.config');
    renameSync(file, path.join(folder, 'shared.config'));
    symlinkSync(path.join('..', 'shared.config'), file);
    jest.spyOn(fs, 'renameSync').mockImplementationOnce(() => {
      throw Object.assign(new Error('not permitted'), { code: 'EPERM' });
    });
    expect(() => run(copy, '--fix')).toThrow(/web\.config cannot be written \(EPERM: access is denied\)\.$/);
    expect(run(copy, '--fix').output).toContain('web.config: written.');
    expect(lstatSync(file).isSymbolicLink()).toBe(true);
    expect(readFileSync(path.join(folder, 'shared.config'), 'utf8')).toContain('devErrorsEnabled="false"');
  });

  it('leaves a file alone whose encoding it would change', () => {
    const copy = copyOf('iis-dev-errors');
    const file = path.join(copy, 'web.config');
    const bytes = Buffer.concat([Buffer.from('<!-- '), Buffer.from([0xe9]), Buffer.from(' -->')]);
    writeFileSync(file, Buffer.concat([readFileSync(file), bytes]));
    expect(() => run(copy, '--fix')).toThrow(/^web\.config is left as it is: it is not UTF-8\./);
    expect(readFileSync(file).includes('TRUE')).toBe(true);
  });
});

it.each<[string[], RegExp]>([
  [['--fail-on', 'all'], /--fail-on "all" is not known here/],
  [
    ['--ignore', 'debuger-open', bad('iis-dev-errors')],
    /"debuger-open" is not known here; did you mean "debugger-open"/,
  ],
  [['--json', '--sarif'], /go each alone/],
  [['--fix', '--json'], /go each alone/],
  [['a', 'b'], /"b" is one argument too many/],
  [['--sarrif'], /--sarrif/],
  [['--policy', 'missing.json', bad('iis-dev-errors')], /no file missing\.json/],
  [['--gateway', 'missing.yaml', bad('iis-dev-errors')], /no file missing\.yaml/],
  [['--application-host', 'missing.config', bad('iis-dev-errors')], /no file missing\.config/],
])('%j is wrong usage', (args, message) => {
  const error = (() => {
    try {
      run(...args);
    } catch (thrown) {
      return thrown;
    }
    return undefined;
  })();
  expect(error).toBeInstanceOf(BatonError);
  expect(error).toMatchObject({ reason: 'usage', message: expect.stringMatching(message) });
});

it('is a command: exit code 2 where there is nothing to examine, and it passes the example and the template', async () => {
  cpSync(path.join(__dirname, '..', '..', 'web.config'), path.join(folder, 'web.config'));
  const nothing = __dirname;
  const [empty, template, example] = await Promise.all([
    runNode([BATON, 'doctor', nothing]),
    runNode([BATON, 'doctor', folder]),
    runNode([BATON, 'doctor', path.join(__dirname, '..', '..', 'examples', 'invoices')]),
  ]);
  expect(empty).toMatchObject({ exit: 2, stderr: expect.stringMatching(/^baton: There is nothing to examine in /) });
  expect(template).toMatchObject({ exit: 0, stdout: expect.stringContaining('Nothing found.') });
  expect(example).toMatchObject({ exit: 0, stdout: expect.stringContaining('Nothing found.') });
});

it('is done within a second, loading included', async () => {
  // Time on the processor: how long it takes beside other work says nothing.
  const script = `process.argv.splice(1, 0, 'baton'); process.on('exit', () => { const { user, system } = process.cpuUsage(); console.error('ms', (user + system) / 1000); }); require(${JSON.stringify(BATON)});`;
  const example = path.join(__dirname, '..', '..', 'examples', 'invoices');
  const { stderr, stdout } = await runNode(['-e', script, 'doctor', example]);
  expect(stdout).toContain('Examined: web.config');
  expect(Number(/ms ([\d.]+)/.exec(stderr)?.[1])).toBeLessThan(1000);
});
