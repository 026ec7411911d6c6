import { createHmac } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { IncomingMessage, ServerResponse } from 'node:http';
import { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import request from 'supertest';
import { createLogger } from '../../src/logging';
import type { Identity } from '../../src/index';
import { userHeader } from '../../src/middleware/user-header';
import { thrownBy } from '../support/errors';
import { appWith, as, EXPRESSES } from './apps';
import { waitFor } from '../support/wait';

const folder = mkdtempSync(join(tmpdir(), 'baton-user-header-'));
afterAll(() => rmSync(folder, { recursive: true }));
afterEach(() => {
  delete process.env.BATON_USER_HASH_KEY;
  delete process.env.BATON_USER_HASH_KEY_FILE;
});

const userHashKey = 'a key of 32 bytes or more, for tests';
const hashOf = (subject: string): string => createHmac('sha256', userHashKey).update(subject).digest('base64url');
const shownBy = async (app: Parameters<typeof request>[0], headers = {}, path = '/invoices/7'): Promise<unknown> =>
  (await request(app).get(path).set(headers)).headers['x-baton-user'];

describe.each(EXPRESSES)('X-Baton-User on %s', (_, express) => {
  it('is not there unless it is asked for', async () => {
    expect(await shownBy(appWith(express).app, as())).toBeUndefined();
  });

  it.each<[string, () => object]>([
    ['a key in code', () => ({ userHashKey })],
    ['a key in bytes', () => ({ userHashKey: Buffer.from(userHashKey) })],
    ['a key of the environment', () => ((process.env.BATON_USER_HASH_KEY = userHashKey), {})],
    [
      'a key in a file',
      () => {
        process.env.BATON_USER_HASH_KEY_FILE = join(folder, 'key');
        writeFileSync(join(folder, 'key'), `${userHashKey}\n`);
        return {};
      },
    ],
  ])('is the keyed hash of the subject with %s', async (_how, options) => {
    const { app } = appWith(express, options());
    expect(await shownBy(app, as())).toBe(hashOf('entra:ada'));
    expect(await shownBy(app, as())).toBe(hashOf('entra:ada'));
    expect(await shownBy(app, as({ sub: 'entra:bob' }))).toBe(hashOf('entra:bob'));
  });

  it('is on refusals of a known caller, and on no answer to an unknown one', async () => {
    const { app } = appWith(express, { userHashKey });
    expect(await shownBy(app, as(), '/unlisted')).toBe(hashOf('entra:ada'));
    expect(await shownBy(app, {}, '/health')).toBeUndefined();
    expect(await shownBy(app)).toBeUndefined();
    expect(await shownBy(app, { 'Txn-Token': 'a.b.c' })).toBeUndefined();
  });

  it('is in the lines of a logger that hashes with the same key', async () => {
    const file = join(folder, `${express === EXPRESSES[0]![1] ? 5 : 4}.jsonl`);
    const logger = createLogger({ file, hashKey: userHashKey });
    const { app } = appWith(express, { userHashKey, logger });
    const shown = await shownBy(app, as());
    const line = await waitFor(
      'the line',
      () => /"type":"request".*/.exec(readFileSync(file, 'utf8')) && readFileSync(file, 'utf8'),
    );
    expect(line).toContain(`"subject":"hmac-sha256:${String(shown)}"`);
  });
});

it('is taken off again where somebody decides later that there is no caller', () => {
  const response = new ServerResponse(new IncomingMessage(new Socket()));
  const show = userHeader(userHashKey)!;
  show(response, { subject: 'entra:ada' } as Identity);
  expect(response.getHeader('X-Baton-User')).toBe(hashOf('entra:ada'));
  show(response, undefined);
  expect(response.hasHeader('X-Baton-User')).toBe(false);
});

it.each([
  ['a short key', { userHashKey: 'short' }],
  ['something else', { userHashKey: 7 }],
])('baton() refuses %s', async (_what, options) => {
  expect(await thrownBy(() => appWith(EXPRESSES[0]![1], options as object))).toMatchObject({ code: 'key_invalid' });
});

it('baton() refuses a file that is not there', async () => {
  process.env.BATON_USER_HASH_KEY_FILE = join(folder, 'none');
  expect(await thrownBy(() => appWith(EXPRESSES[0]![1]))).toMatchObject({ code: 'key_invalid' });
});
