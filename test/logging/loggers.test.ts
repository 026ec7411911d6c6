import { createHmac } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runInContext } from '../../src/context/storage';
import type { Identity } from '../../src/core/identity';
import type { LogFields, Logger } from '../../src/core/logger';
import type { ContextRecord } from '../../src/core/request-context';
import { auditTrail, createJsonLogger, createLogger, type LogLevel } from '../../src/logging';
import { withContext } from '../../src/logging/levels';
import { thrownBy } from '../support/errors';
import { makeKey, transactionToken } from '../support/tokens';
import { eventually, foreignLogger, memoryLog } from '../middleware/apps';

const folder = mkdtempSync(join(tmpdir(), 'baton-logging-'));
afterAll(() => rmSync(folder, { recursive: true }));
let files = 0;

const { logger: quiet } = memoryLog();
const contextOf = (correlationId: string, subject?: string): ContextRecord => ({
  context: {
    correlationId,
    traceId: 'a'.repeat(32),
    ...(subject && { user: { subject, actor: { subject: 'copilot' } } as Identity }),
  },
  logger: quiet,
  audit: auditTrail(quiet),
});

/** What a file holds; nothing while it is not there yet. */
const read = (file: string): string => (existsSync(file) ? readFileSync(file, 'utf8') : '');

interface Made {
  readonly logger: Logger;
  readonly lines: () => string[];
}

/** Each logger that Baton makes, with a way to read what it wrote. */
const MAKERS: readonly [string, (level?: LogLevel) => Made][] = [
  [
    'createJsonLogger()',
    (level) => {
      const lines: string[] = [];
      return { logger: createJsonLogger(level, (line) => lines.push(line)), lines: () => lines };
    },
  ],
  [
    'createLogger()',
    (level) => {
      const file = join(folder, `new folder/${files++}.jsonl`);
      const logger = createLogger({ file, ...(level && { level }) });
      return { logger, lines: () => read(file).split('\n').slice(0, -1) };
    },
  ],
];

const error = new Error('inner');
const hostile = Object.defineProperty({}, 'x', {
  enumerable: true,
  get: () => {
    throw new Error('no');
  },
});
const CALLS: readonly [keyof Logger, string, LogFields?][] = [
  ['info', 'plain'],
  ['error', 'with fields', { a: 1, nested: { b: [1, 'x'] } }],
  ['warn', 'with an error', { error }],
  ['warn', 'with an error in place of fields', error as unknown as LogFields],
  ['debug', 'with names of its own', { message: 'forged', level: 'forged', timestamp: 'forged', stack: 'forged' }],
  ['info', `with a token ${transactionToken(makeKey())}`, { cookie: 'hush' }],
  ['info', 'a%s %d %j', { splat: [1] }],
  ['info', 'line\r\nend \u001b[31mred\u001b[0m \u0000 \u009b31m \u2028 \u007f', { 'na\nme': '\r\n{"level":"forged"}' }],
  ['info', 'lone \ud800', { big: 1n, u: undefined }],
  ['info', ''],
  ['info', 'fields that throw', hostile],
  ['info', 'fields that are none', 'text' as unknown as LogFields],
  ['info', undefined as unknown as string],
];

describe.each(MAKERS)('%s', (name, make) => {
  it('writes the same line for the same call as the other', async () => {
    const { logger, lines } = make('debug');
    const expected: unknown[] = [];
    const reference = createJsonLogger('debug', (line) => expected.push(timeless(line)));
    runInContext(contextOf('gw-1', 'entra:ada'), () => {
      for (const [level, message, fields] of CALLS) {
        logger[level](message, fields);
        reference[level](message, fields);
      }
    });
    await eventually(() => lines().length === CALLS.length);
    expect(lines().map(timeless)).toEqual(expected);
    expect(lines().join()).not.toMatch(/eyJ|hush/);
    for (const line of lines()) {
      const { timestamp, level, message } = JSON.parse(line) as Record<string, string>;
      expect([timestamp, level, message]).not.toContain('forged');
    }
  });

  it('writes time, level, message, the fields of the request, then the own ones', async () => {
    const { logger, lines } = make();
    runInContext(contextOf('gw-1', 'entra:ada'), () => logger.info('first', { a: 1 }));
    runInContext(contextOf('gw-2'), () => logger.warn('second'));
    logger.error('third');
    await eventually(() => lines().length === 3);
    const [first, second, third] = lines().map((line) => Object.entries(JSON.parse(line) as object).slice(1));
    expect(first).toEqual([
      ['level', 'info'],
      ['message', 'first'],
      ['correlationId', 'gw-1'],
      ['traceId', 'a'.repeat(32)],
      ['subject', 'entra:ada'],
      ['actor', 'copilot'],
      ['a', 1],
    ]);
    expect(second).toEqual([
      ['level', 'warn'],
      ['message', 'second'],
      ['correlationId', 'gw-2'],
      ['traceId', 'a'.repeat(32)],
    ]);
    expect(third).toEqual([
      ['level', 'error'],
      ['message', 'third'],
    ]);
  });

  it('keeps each line to one line of visible ASCII and letters', async () => {
    const { logger, lines } = make('debug');
    for (const [level, message, fields] of CALLS) logger[level](message, fields);
    await eventually(() => lines().length >= CALLS.length);
    expect(lines()).toHaveLength(CALLS.length);
    for (const line of lines()) expect(line).toMatch(/^[^\u0000-\u001f\u007f-\u009f\u2028\u2029]+$/);
    expect((JSON.parse(lines()[7]!) as { message: string }).message).toBe(CALLS[7]![1]);
  });

  it.each<[LogLevel | undefined, string[]]>([
    ['error', ['error']],
    ['warn', ['error', 'warn']],
    [undefined, ['error', 'warn', 'info']],
    ['info', ['error', 'warn', 'info']],
    ['debug', ['error', 'warn', 'info', 'debug']],
  ])('at level %s writes %j', async (level, expected) => {
    const { logger, lines } = make(level);
    for (const each of ['debug', 'info', 'warn', 'error'] as const) logger[each]('x');
    await eventually(() => lines().length >= expected.length);
    expect(lines().map((line) => (JSON.parse(line) as { level: string }).level)).toEqual([...expected].reverse());
  });

  it('writes audit lines whatever the level', async () => {
    const { logger, lines } = make('error');
    const audit = auditTrail(logger);
    audit.record({ event: 'access', outcome: 'allowed' });
    audit.record({ event: 'access', outcome: 'denied' });
    await eventually(() => lines().length >= 2);
    expect(lines().map((line) => (JSON.parse(line) as { level: string }).level)).toEqual(['info', 'warn']);
  });

  it('refuses a level that is none: it would silence the log', async () => {
    const thrown = await thrownBy(() => make('verbose' as LogLevel));
    expect([thrown.code, thrown.message]).toEqual([
      'option_invalid',
      expect.stringMatching(/error, warn, info, debug/),
    ]);
  });

  it('keeps 3,000 lines of 3,000 requests apart, however slow the file is', async () => {
    const { logger, lines } = make();
    const users = Array.from({ length: 3000 }, (_, index) => `user-${index}`);
    const filler = 'x'.repeat(200);
    await Promise.all(
      users.map(async (user) => {
        await runInContext(contextOf(user, user), async () => {
          await new Promise(setImmediate);
          logger.info(user, { filler });
        });
      }),
    );
    await eventually(() => lines().length === users.length);
    const read = lines().map((line) => JSON.parse(line) as Record<string, string>);
    for (const { message, correlationId, subject } of read)
      expect([correlationId, subject]).toEqual([message, message]);
    expect(new Set(read.map(({ message }) => message)).size).toBe(users.length);
    expect(name).toContain('Logger');
  });
});

describe('createLogger()', () => {
  const environment = { ...process.env };
  afterEach(() => {
    process.env = { ...environment };
  });

  it('takes level and file from the environment, and options before it', async () => {
    const [mine, theirs] = [join(folder, 'mine.jsonl'), join(folder, 'theirs.jsonl')];
    Object.assign(process.env, { BATON_LOG_LEVEL: 'debug', BATON_LOG_FILE: theirs });
    createLogger().debug('from the environment');
    createLogger({ level: 'info', file: mine }).debug('not written');
    createLogger({ file: mine }).debug('by the option');
    await eventually(() => read(theirs) !== '' && read(mine) !== '');
    expect([read(theirs), read(mine)]).toEqual([
      expect.stringContaining('from the environment'),
      expect.stringMatching(/^[^\n]*by the option[^\n]*\n$/),
    ]);
  });

  it('hashes the callers of its lines where it is told to, the same as the audit trail', async () => {
    const file = join(folder, 'hashed.jsonl');
    const hashKey = 'k'.repeat(32);
    const logger = createLogger({ file, subjects: 'hashed', hashKey });
    runInContext(contextOf('gw-1', 'entra:ada'), () => logger.info('x'));
    await eventually(() => read(file) !== '');
    const hmac = (text: string): string =>
      `hmac-sha256:${createHmac('sha256', hashKey).update(text).digest('base64url')}`;
    expect(JSON.parse(read(file))).toMatchObject({ subject: hmac('entra:ada'), actor: hmac('copilot') });
  });

  it.each<[string, () => unknown, string, RegExp]>([
    ['hashes without a key', () => createLogger({ subjects: 'hashed' }), 'key_invalid', /hash key of 32 bytes/],
    ['a misspelt option', () => createLogger({ levle: 'info' } as object), 'option_unknown', /did you mean "level"/],
    [
      'a wrong level in the environment',
      () => {
        process.env.BATON_LOG_LEVEL = 'verbose';
        return createLogger();
      },
      'option_invalid',
      /BATON_LOG_LEVEL/,
    ],
    ['a file that is a folder', () => createLogger({ file: folder }), 'option_invalid', /EISDIR.*app pool's identity/],
    [
      'a file below a file',
      () => createLogger({ file: join(__filename, 'app.jsonl') }),
      'option_invalid',
      /cannot be written/,
    ],
  ])('refuses %s', async (_name, make, code, message) => {
    const thrown = await thrownBy(make);
    expect([thrown.code, thrown.message]).toEqual([code, expect.stringMatching(message)]);
  });
});

describe('auditTrail()', () => {
  it('writes refusals as warnings and the rest as information', () => {
    const { logger, lines } = memoryLog();
    const audit = auditTrail(logger);
    audit.record({ event: 'access', outcome: 'allowed', rule: '/routes/0' });
    audit.record({ event: 'hand_over', outcome: 'denied', reason: 'permission_missing' });
    expect(lines).toMatchObject([
      {
        level: 'info',
        message: 'access allowed',
        type: 'audit',
        event: 'access',
        outcome: 'allowed',
        rule: '/routes/0',
      },
      { level: 'warn', message: 'hand_over denied', type: 'audit', event: 'hand_over', reason: 'permission_missing' },
    ]);
  });
});

describe('withContext()', () => {
  it("gives a foreign logger's lines what Baton's own have, and leaves Baton's own alone", () => {
    const { logger, calls } = foreignLogger();
    const wrapped = withContext(logger);
    runInContext(contextOf('gw-1', 'entra:ada'), () => wrapped.warn('x', { password: 'hush' }));
    wrapped.debug('y');
    expect(calls).toEqual([
      {
        level: 'warn',
        message: 'x',
        fields: {
          correlationId: 'gw-1',
          traceId: 'a'.repeat(32),
          subject: 'entra:ada',
          actor: 'copilot',
          password: '[redacted]',
        },
      },
      { level: 'debug', message: 'y', fields: {} },
    ]);
    expect(withContext(quiet)).toBe(quiet);
  });
});

const timeless = (line: string): string => {
  expect(line).toMatch(/^\{"timestamp":"\d{4}-\d\d-\d\dT[\d:.]{12}Z",/);
  return line.replace(/^\{"timestamp":"[^"]+",/, '{');
};
