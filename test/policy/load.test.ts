import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type * as ProcessPolicy from '../../src/policy/process-policy';
import { loadPolicy, loadPolicyAside } from '../../src/policy/load';
import { thrownBy } from '../support/errors';
import { policyDocument } from '../support/policies';

let folder: string;
let file: string;
let second: string;

beforeAll(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'baton-policy-'));
  file = write('one.json', JSON.stringify(policyDocument()));
  second = write('two.json', JSON.stringify(policyDocument({ application: 'two' })));
});
afterAll(() => rmSync(folder, { recursive: true }));

function write(name: string, content: string | Buffer): string {
  const target = path.join(folder, name);
  writeFileSync(target, content);
  return target;
}

/** What loading fails with, told without `instanceof`: an isolated module has an error class of its own. */
function failureOf(action: () => unknown): { code: string; message: string; problems: unknown[]; cause?: unknown } {
  try {
    action();
  } catch (error) {
    return error as ReturnType<typeof failureOf>;
  }
  throw new Error('It was expected to fail.');
}

describe('loadPolicy', () => {
  it('reads files with and without byte order mark and Windows line ends', () => {
    const text = JSON.stringify(policyDocument(), null, 2).replaceAll('\n', '\r\n');
    const marked = loadPolicy(write('bom.json', `\uFEFF${text}`), {});
    expect(marked.digest).toBe(loadPolicy(file, {}).digest);
    // What `>` of Windows PowerShell writes.
    const utf16 = loadPolicy(write('utf16.json', Buffer.from(`\uFEFF${text}`, 'utf16le')), {});
    expect(utf16.digest).toBe(marked.digest);
  });

  it('reads a path from the working directory', () => {
    expect(loadPolicy(path.relative(process.cwd(), file), {}).application).toBe('invoices');
  });

  it('fills from the environment that it is given', () => {
    const named = write('env.json', JSON.stringify(policyDocument({ application: '${NAME}' })));
    expect(loadPolicy(named, { NAME: 'billing' }).application).toBe('billing');
  });

  it.each([
    ['policy_missing', 'a missing file', () => path.join(folder, 'none.json'), /no policy file at .*none\.json/],
    ['policy_unreadable', 'a folder', () => folder, /cannot be read \(EISDIR: it is a folder\)/],
    [
      'policy_unreadable',
      'a path through a file',
      () => path.join(file, 'x'),
      /cannot be read \(ENOTDIR: a part of the path is no folder\)/,
    ],
    ['policy_invalid', 'an empty file', () => write('empty.json', ''), /is not JSON/],
    ['policy_invalid', 'half a file', () => write('half.json', '{"application": "inv'), /half\.json is not JSON/],
    ['policy_invalid', 'UTF-16 without a mark', () => write('bare.json', Buffer.from('{}', 'utf16le')), /is not JSON/],
    [
      'policy_invalid',
      'Windows-1252',
      () => write('ansi.json', Buffer.from(JSON.stringify(policyDocument({ application: 'B\u00fcro' })), 'latin1')),
      /ansi\.json holds characters that are not UTF-8/,
    ],
    ['policy_invalid', 'comments', () => write('comment.json', '{} // x'), /is not JSON/],
    ['policy_invalid', 'another document', () => write('other.json', '{"a":1}'), /other\.json has 4 problems/],
    [
      'policy_invalid',
      'a role that stands twice',
      () => write('twice.json', JSON.stringify(policyDocument()).replace('"roles":{', '"roles":{"clerk":{},')),
      /gives members twice:\n {2}\/roles\/clerk: is given twice$/,
    ],
  ])('fails with %s for %s', (code, _, pathOf, message) => {
    const failure = failureOf(() => loadPolicy(pathOf(), {}));
    expect(failure.code).toBe(code);
    expect(failure.message).toMatch(message);
    expect(failure.problems.length > 0).toBe(code === 'policy_invalid');
  });
});

it('keeps what a failure came from, and where in the file it is', () => {
  const missing = failureOf(() => loadPolicy(path.join(folder, 'none.json'), {}));
  expect(missing.cause).toMatchObject({ code: 'ENOENT' });
  expect(failureOf(() => loadPolicy(folder, {})).cause).toMatchObject({ code: 'EISDIR' });
  const { cause, problems } = failureOf(() => loadPolicy(write('text.json', 'nothing'), {}));
  expect(problems).toEqual([{ pointer: '', message: `is not JSON: ${(cause as Error).message}` }]);
  expect(failureOf(() => loadPolicy(write('bytes.json', Buffer.from([0x22, 0xff, 0x22])), {})).problems).toEqual([
    { pointer: '', message: 'holds characters that are not UTF-8: save it as UTF-8' },
  ]);
});

describe('loadPolicyAside', () => {
  it('reads the same policy', async () => {
    expect((await loadPolicyAside(file, {})).digest).toBe(loadPolicy(file, {}).digest);
  });

  it.each<[string, string, RegExp, string | undefined]>([
    ['policy_missing', 'gone.json', /^There is no policy file at .*gone\.json\. Give its path/, undefined],
    ['policy_unreadable', '.', /^The policy file .* cannot be read \(EISDIR/, undefined],
    ['policy_invalid', 'empty-object.json', /^The policy file .*empty-object\.json has 3 problems/, '{}'],
    ['policy_invalid', 'cut.json', /^The policy file .*cut\.json is not JSON/, '{'],
  ])('fails with %s for %s', async (code, name, message, content) => {
    if (content !== undefined) write(name, content);
    const failure = await thrownBy(() => loadPolicyAside(path.join(folder, name), {}));
    expect(failure).toMatchObject({ code, message: expect.stringMatching(message) });
  });
});

describe('resolvePolicy', () => {
  const before = process.env.BATON_POLICY;
  beforeEach(() => delete process.env.BATON_POLICY);
  afterAll(() => {
    if (before === undefined) delete process.env.BATON_POLICY;
    else process.env.BATON_POLICY = before;
  });

  /** As in a process that has loaded nothing yet. */
  const fresh = (use: (resolvePolicy: typeof ProcessPolicy.resolvePolicy) => void): void => {
    jest.isolateModules(() => use((require('../../src/policy/process-policy') as typeof ProcessPolicy).resolvePolicy));
  };

  it('loads a file once a process, however it is named', () =>
    fresh((resolvePolicy) => {
      const policy = resolvePolicy(file);
      expect(resolvePolicy(file)).toBe(policy);
      expect(resolvePolicy(path.relative(process.cwd(), file))).toBe(policy);
      process.env.BATON_POLICY = file;
      expect(resolvePolicy()).toBe(policy);
    }));

  it('takes the one that the process works by already, or else the file that the environment names', () =>
    fresh((resolvePolicy) => {
      process.env.BATON_POLICY = second;
      const two = resolvePolicy();
      const one = resolvePolicy(file);
      expect([one.application, two.application]).toEqual(['invoices', 'two']);
      process.env.BATON_POLICY = file;
      expect(resolvePolicy()).toBe(two);
    }));

  it('hands back a policy that is handed in, and shares it', () =>
    fresh((resolvePolicy) => {
      const own = loadPolicy(file, {});
      expect(resolvePolicy(own)).toBe(own);
      expect(resolvePolicy()).toBe(own);
    }));

  it('has one live policy for a policy, whoever hands it in', () => {
    jest.isolateModules(() => {
      const { livePolicy } = require('../../src/policy/process-policy') as typeof ProcessPolicy;
      const own = loadPolicy(file, {});
      expect(livePolicy(own)).toBe(livePolicy(own));
      expect(livePolicy(loadPolicy(file, {}))).not.toBe(livePolicy(own));
    });
  });

  it('says what to set where nothing is named, and remembers no failure', () =>
    fresh((resolvePolicy) => {
      expect(failureOf(() => resolvePolicy())).toMatchObject({
        code: 'policy_missing',
        message:
          'No policy is named. Set BATON_POLICY (in web.config: <appSettings>) to the policy file\'s path, or pass the option "policy".',
      });
      const late = path.join(folder, 'late.json');
      expect(failureOf(() => resolvePolicy(late)).code).toBe('policy_missing');
      write('late.json', JSON.stringify(policyDocument()));
      expect(resolvePolicy(late).application).toBe('invoices');
    }));
});
