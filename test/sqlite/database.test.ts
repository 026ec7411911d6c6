import path from 'node:path';
import { checkedPath } from '../../src/sqlite/database';
import { thrownBy } from '../support/errors';

it.each([
  ['\\\\server\\share\\outbox.db'],
  ['//server/share/outbox.db'],
  ['\\\\?\\UNC\\server\\share\\outbox.db'],
  ['//?/unc/server/share/outbox.db'],
])('%s is on another machine', async (file) => {
  const thrown = await thrownBy(() => checkedPath(file, 'The outbox'));
  expect(thrown).toMatchObject({ code: 'option_invalid', message: expect.stringContaining('not on a share') });
});

it.each([['\\\\?\\C:\\inetpub\\data\\outbox.db'], ['\\\\.\\C:\\outbox.db'], ['C:\\inetpub\\outbox.db'], ['outbox.db']])(
  '%s is on this one',
  (file) => expect(checkedPath(file, 'The outbox').endsWith('outbox.db')).toBe(true),
);

describe('on Windows, with the working directory on a share', () => {
  beforeEach(() => {
    const { resolve } = path.win32;
    jest.spyOn(path, 'resolve').mockImplementation((file) => resolve('\\\\fs\\sites\\app', file ?? ''));
  });
  afterEach(() => jest.restoreAllMocks());

  it.each([['outbox.db'], ['..\\outbox\\outbox.db'], ['../outbox/outbox.db'], ['\\outbox.db'], ['/outbox.db']])(
    '%s is on it too',
    async (file) => {
      const thrown = await thrownBy(() => checkedPath(file, 'The outbox'));
      expect(thrown.message).toMatch(
        /^The outbox must be on a local disk, not on a share: \\\\fs\\sites\\.*outbox\.db$/,
      );
    },
  );

  it.each([
    ['C:\\data\\outbox.db'],
    ['D:/data/outbox.db'],
    ['\\\\?\\C:\\data\\outbox.db'],
    ['\\\\.\\C:\\data\\outbox.db'],
  ])('%s is not', (file) => expect(checkedPath(file, 'The outbox')).toBe(file.replaceAll('/', '\\')));
});
