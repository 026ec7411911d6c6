import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { runDoctor } from '../../src/doctor';
import { planRepairs, type Repair } from '../../src/doctor/repair';
import { unifiedDiff } from '../../src/core/unified-diff';
import { fixtures } from './fixtures';

const fixable = fixtures('bad').filter(({ options }) => runDoctor(options).some((finding) => finding.fixable));

let folder: string;
beforeEach(() => (folder = mkdtempSync(path.join(os.tmpdir(), 'baton-doctor-'))));
afterEach(() => rmSync(folder, { recursive: true }));

it('there is something to repair', () => {
  expect(fixable.length).toBeGreaterThanOrEqual(10);
});

/** No line end changes, and of the lines that were there only those with an attribute or without content. */
function changesLittle({ file, before, after }: Repair): void {
  const lineEnds = (text: string): Set<string> => new Set(text.match(/\r?\n/g));
  expect(lineEnds(after)).toEqual(lineEnds(before));
  const removed = unifiedDiff(file, before, after)
    .split('\n')
    .filter((line) => /^-(?!--)/.test(line));
  expect(removed.filter((line) => !/="|\/>/.test(line))).toEqual([]);
  expect(removed.length).toBeLessThanOrEqual(3);
}

it.each(fixable)('repairs all it promised, brings nothing new, and touches nothing else: $name', ({ options }) => {
  const directory = path.join(folder, 'copy');
  cpSync(options.directory ?? '', directory, { recursive: true });
  const before = runDoctor({ ...options, directory });
  const { repairs, repaired, remaining } = planRepairs({ ...options, directory });
  repairs.forEach(changesLittle);
  for (const { path: file, after } of repairs) writeFileSync(file, after);

  expect(repaired.map(({ code }) => code).sort()).toEqual(
    before
      .filter((one) => one.fixable)
      .map(({ code }) => code)
      .sort(),
  );
  expect(runDoctor({ ...options, directory })).toEqual(remaining);
  expect(planRepairs({ ...options, directory }).repairs).toEqual([]);
});

it('repairs many faults of one file, one after the other', () => {
  const text = readFileSync(path.join(__dirname, 'fixtures', 'bad', 'iis-debugger-by-default', 'web.config'), 'utf8');
  writeFileSync(
    path.join(folder, 'web.config'),
    text
      .replace(/<security>[^]*<\/security>/, '')
      .replace(/<httpErrors.*/, '<iisnode promoteServerVars="AUTH_USER, HTTPS" />'),
  );
  const { repairs, remaining } = planRepairs({ directory: folder, environment: {} });
  expect(remaining.map(({ code }) => code)).toEqual(['original-url-open']);
  expect(repairs.map(({ after }) => after)).toEqual([
    expect.stringMatching(
      /<httpErrors existingResponse="PassThrough" \/>[^]*<add header="X-iisnode-AUTH_USER" sizeLimit="0" \/>[^]*<add header="X-iisnode-HTTPS" sizeLimit="0" \/>[^]*<iisnode promoteServerVars="AUTH_USER,HTTPS" debuggingEnabled="false" devErrorsEnabled="false" \/>/,
    ),
  ]);
});

it('leaves what it cannot make better', () => {
  // The <clear /> behind it would take an added segment away again.
  writeFileSync(
    path.join(folder, 'web.config'),
    `<configuration><system.webServer>
       <handlers><add name="iisnode" path="server.js" modules="iisnode"/></handlers>
       <iisnode debuggingEnabled="false" devErrorsEnabled="false"/>
       <security><requestFiltering><hiddenSegments>
         <clear />
       </hiddenSegments></requestFiltering></security>
     </system.webServer></configuration>`,
  );
  const { repaired, remaining } = planRepairs({ directory: folder, environment: {} });
  expect(repaired.map(({ code }) => code)).toEqual(['http-errors-replaced']);
  expect(remaining.map(({ code }) => code)).toContain('logs-browsable');
});
