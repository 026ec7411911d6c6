import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { runDoctor } from '../../src/doctor';
import { withoutComments } from '../../src/doctor/scripts';
import { Lines } from '../../src/doctor/text-position';
import { firstSegment, whereIs } from '../../src/doctor/windows-path';

it.each([
  ['iisnode', '', 'inside', 'iisnode'],
  ['logs\\node', '', 'inside', 'logs'],
  ['.\\logs/', '', 'inside', 'logs'],
  ['.', '', 'inside', ''],
  ['..\\logs', '', 'outside', undefined],
  ['../../logs', '', 'outside', undefined],
  ['..logs', '', 'inside', '..logs'],
  ['logs\\..\\..\\logs', '', 'outside', undefined],
  ['D:\\home\\LogFiles', '', 'outside', undefined],
  ['\\\\server\\share\\logs', '', 'outside', undefined],
  ['%HOME%\\logs', '', 'unknown', undefined],
  ['..\\logs', 'dist', 'inside', 'logs'],
  ['logs', 'dist\\app', 'inside', 'dist'],
])('%s, from "%s", is %s', (name, from, where, segment) => {
  expect(whereIs(name, from)).toBe(where);
  if (where === 'inside') expect(firstSegment(name, from)).toBe(segment);
});

it('finds lines and columns whatever ends the lines', () => {
  const lines = new Lines('ab\r\ncd\ne\rf');
  expect([0, 3, 4, 7, 9].map((offset) => lines.position(offset))).toEqual([
    { line: 1, column: 1 },
    { line: 1, column: 4 },
    { line: 2, column: 1 },
    { line: 3, column: 1 },
    { line: 4, column: 1 },
  ]);
  expect(lines.offset(2, 2)).toBe(5);
});

it.each([
  ["a // b.listen('\nc", `a${' '.repeat(14)}\nc`],
  ["'http://x' // y", "'http://x'     "],
  ['a /* b\nc */ d', 'a     \n     d'],
  ['`/* ${x} */`', '`/* ${x} */`'],
])('blanks comments out of %j', (code, blanked) => {
  expect(withoutComments(code)).toBe(blanked);
});

describe('the folder', () => {
  let folder: string;
  beforeEach(() => (folder = mkdtempSync(path.join(os.tmpdir(), 'baton-doctor-'))));
  afterEach(() => rmSync(folder, { recursive: true }));
  const write = (name: string, text: string): void => {
    mkdirSync(path.dirname(path.join(folder, name)), { recursive: true });
    writeFileSync(path.join(folder, name), text);
  };
  const run = (options: object = {}) => runDoctor({ directory: folder, environment: {}, ...options });
  const DEBUG =
    '<configuration><system.webServer><iisnode debuggingEnabled="true" devErrorsEnabled="false" logDirectory="..\\l"/>' +
    '<security><requestFiltering><requestLimits><headerLimits><add header="X-Original-URL" sizeLimit="0"/></headerLimits>' +
    '</requestLimits></requestFiltering></security></system.webServer></configuration>';

  it('may be the one above the site, and web.config may be spelt as Visual Studio spells it', () => {
    write('web/Web.config', DEBUG);
    write('web/node_modules/x/web.config', '<configuration/>');
    write('node_modules/x/web.config', '<configuration/>');
    expect(run()).toEqual([expect.objectContaining({ code: 'debugger-open', file: 'web/Web.config', line: 1 })]);
  });

  it('must not hold several sites', () => {
    write('a/web.config', DEBUG);
    write('b/web.config', DEBUG);
    expect(run).toThrow(/several sites here: a\/web\.config, b\/web\.config\. Name the folder of one\.$/);
  });

  it('must hold something', () => {
    expect(run).toThrow(/nothing to examine/);
  });

  it('reads the encodings that Windows tools write', () => {
    writeFileSync(path.join(folder, 'web.config'), Buffer.from(`\uFEFF${DEBUG}`, 'utf16le'));
    expect(run()).toEqual([expect.objectContaining({ code: 'debugger-open', line: 1, column: 43 })]);
  });

  it('throws for options that are none', () => {
    expect(() => run({ directoy: '.' })).toThrow(/"directoy" is not known here; did you mean "directory"/);
    expect(() => run({ ignore: ['debuger-open'] })).toThrow(/did you mean "debugger-open"/);
  });

  it('never shows a secret', () => {
    const secret = 'AKIAIOSFODNN7EXAMPLE';
    write(
      'web.config',
      DEBUG.replace('<system.webServer>', `<appSettings><add key="K" value="${secret}"/></appSettings>$&`),
    );
    const findings = run();
    expect(findings.map(({ code }) => code)).toContain('secret-in-app-settings');
    expect(JSON.stringify(findings)).not.toContain(secret);
  });
});
