import { checkedPath } from '../../src/sqlite/database';
import { thrownBy } from '../support/errors';

it.each([
  ['\\\\server\\share\\outbox.db'],
  ['//server/share/outbox.db'],
  ['\\\\?\\UNC\\server\\share\\outbox.db'],
  ['//?/unc/server/share/outbox.db'],
])('%s is on another machine', async (path) => {
  const thrown = await thrownBy(() => checkedPath(path, 'The outbox'));
  expect(thrown).toMatchObject({ code: 'option_invalid', message: expect.stringContaining('not on a share') });
});

it.each([['\\\\?\\C:\\inetpub\\data\\outbox.db'], ['\\\\.\\C:\\outbox.db'], ['C:\\inetpub\\outbox.db'], ['outbox.db']])(
  '%s is on this one',
  (path) => expect(checkedPath(path, 'The outbox').endsWith('outbox.db')).toBe(true),
);
