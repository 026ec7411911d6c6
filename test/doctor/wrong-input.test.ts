import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { examine } from '../../src/doctor/doctor';
import { temporaryFolder } from '../support/example';

const GOOD = path.join(__dirname, 'fixtures', 'good');

const JUNK: readonly unknown[] = [null, 7, 'x', [], {}, [null], { Ref: 7 }, { 'Fn::Sub': [] }];

/** Every document in which one value is something else; the kinds of junk take turns. */
function spoilt(document: unknown): unknown[] {
  const found: unknown[] = [];
  const walk = (value: unknown, put: (other: unknown) => unknown): void => {
    found.push(put(JUNK[found.length % JUNK.length]));
    if (typeof value !== 'object' || value === null) return;
    for (const [name, member] of Object.entries(value)) {
      walk(member, (other) =>
        put(
          Array.isArray(value)
            ? value.map((item: unknown, index) => (String(index) === name ? other : item))
            : { ...value, [name]: other },
        ),
      );
    }
  };
  walk(document, (other) => other);
  return found;
}

/** The findings of a fixture in which one file has another text; it must not throw. */
function findingsWith(fixture: string, file: string, text: string): number {
  const options = { directory: path.join(GOOD, fixture), environment: {} };
  return examine(options, new Map([[file, text]])).diagnoses.length;
}

// The runner's promise: rules never throw, whatever the files hold.
it.each([
  ['gateway-rest', 'aws/gateway.rest.openapi.json'],
  ['gateway-http', 'aws/gateway.http.openapi.json'],
])('no rule throws for a definition with one wrong value: %s', (fixture, file) => {
  const document: unknown = JSON.parse(readFileSync(path.join(GOOD, fixture, file), 'utf8'));
  const texts = spoilt(document);
  expect(texts.length).toBeGreaterThan(70);
  const found = texts.map((one) => findingsWith(fixture, file, JSON.stringify(one)));
  expect(found.some((count) => count > 0)).toBe(true);
});

it.each([
  ['gateway-resources', 'template.yaml'],
  ['host-complete', 'applicationHost.config'],
])('no rule throws for a file that lacks one line: %s', (fixture, file) => {
  const lines = readFileSync(path.join(GOOD, fixture, file), 'utf8').split('\n');
  const found = lines.map((_, index) => findingsWith(fixture, file, lines.toSpliced(index, 1).join('\n')));
  expect(found.some((count) => count > 0)).toBe(true);
});

it.each([
  ['gateway-rest', 'aws/gateway.rest.openapi.json', false],
  ['policy-alone', 'baton.policy.json', false],
  ['iis-docs-express', 'web.config', true],
])('what IIS does with a file that is broken is said of web.config alone: %s', (fixture, file, isSites) => {
  const options = { directory: path.join(GOOD, fixture), environment: {} };
  const { diagnoses } = examine(options, new Map([[file, '{ "openapi": <']]));
  const broken = diagnoses.filter(({ finding }) => finding.code === 'config-unreadable');
  expect(broken.map(({ finding }) => finding.message.includes('500.19'))).toEqual([isSites]);
});

it('nor of another file that cannot be read while web.config is', () => {
  const folder = temporaryFolder();
  try {
    writeFileSync(
      path.join(folder, 'web.config'),
      '<configuration><appSettings configSource="a.config"/></configuration>',
    );
    writeFileSync(path.join(folder, 'a.config'), '<appSettings>\n<add');
    const [diagnosis] = examine({ directory: folder, environment: {} }).diagnoses;
    expect(diagnosis?.finding).toMatchObject({ code: 'config-unreadable', file: 'web.config', line: 1 });
    expect(diagnosis?.finding.message).toMatch(/^a\.config, line (?!.*500\.19)/);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
