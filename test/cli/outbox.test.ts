import { existsSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { outbox } from '../../src/cli/outbox';
import { openDatabase, type OutboxDatabase } from '../../src/offload/outbox/database';
import { insertWork } from '../../src/offload/outbox/insert';
import { retryDead } from '../../src/offload/outbox/keeping';
import { leaseWork, markDead, markDelivered } from '../../src/offload/outbox/leases';
import { makeWork } from '../offload/outbox/support/rows';
import { thrownBy } from '../support/errors';
import { temporaryFolder } from '../support/example';

let folder: string;
let file: string;
let database: OutboxDatabase;
let said: string[];

const inAnHour = Date.now() + 3_600_000;

beforeEach(() => {
  folder = temporaryFolder();
  file = path.join(folder, 'outbox.db');
  database = openDatabase(file);
  said = [];
  jest.spyOn(console, 'log').mockImplementation((line: string) => void said.push(...line.split('\n')));
  process.exitCode = undefined;
});
afterEach(() => {
  jest.restoreAllMocks();
  Reflect.deleteProperty(process.env, 'BATON_OUTBOX');
  database.close();
  rmSync(folder, { recursive: true });
});

/** One piece in each state, and a dead one whose deadline has passed. */
function fill(): Record<'waiting' | 'dead' | 'late' | 'delivered', string> {
  const put = (changes: object): string => {
    const work = makeWork({ deadline: inAnHour, payload: '"private payload"', ...changes });
    insertWork(work, { maxPieces: 9, maxBytes: 9999 })(database);
    return work.id;
  };
  const ids = { dead: put({}), late: put({ deadline: 1000 }), delivered: put({}) };
  leaseWork({ owner: 'me', now: Date.now(), limit: 9, exceptFunctions: [] })(database);
  markDead(ids.dead, 'me', 'permission_denied', Date.now())(database);
  markDead(ids.late, 'me', 'work_expired', Date.now())(database);
  markDelivered(ids.delivered, 'me', Date.now())(database);
  return { ...ids, waiting: put({ function: 'other\u001b[2J' }) };
}

const run = async (...args: string[]): Promise<string[]> => {
  said = [];
  await outbox([...args, '--file', file]);
  return said;
};
interface Listed {
  readonly id: string;
  readonly state: string;
}
const listed = async (...args: string[]): Promise<Record<string, string>> => {
  const { work } = JSON.parse((await run('list', '--json', ...args)).join('\n')) as { work: Listed[] };
  return Object.fromEntries(work.map(({ id, state }) => [id, state]));
};

it('lists what waits and what is dead, and shows neither payload nor caller', async () => {
  const { waiting, dead, late } = fill();
  const lines = await run('list');
  expect(lines).toHaveLength(4);
  expect(lines[0]).toMatch(
    new RegExp(`^dead {6}${dead}  render-invoice  attempts 1, last permission_denied, deadline `),
  );
  expect(lines[2]).toMatch(new RegExp(`^waiting {3}${waiting}  other\\\\u001b\\[2J  attempts 0, next .*, deadline `));
  expect(lines[3]).toMatch(/^1 waiting, 2 dead, 1 delivered; \d+ bytes$/);
  const json = (await run('list', '--json', '--state', 'all')).join('\n');
  expect(`${lines.join()}${json}`).not.toMatch(/private payload|entra:7d3c|a\.b\.c/);
  expect(JSON.parse(json)).toMatchObject({ counts: { waiting: 1, dead: 2, delivered: 1 }, work: { length: 4 } });
  expect(await listed('--state', 'dead', '--limit', '1')).toEqual({ [dead]: 'dead' });
  expect(await listed('--function', 'render-invoice')).toEqual({ [dead]: 'dead', [late]: 'dead' });
});

it('takes the file that BATON_OUTBOX names', async () => {
  process.env.BATON_OUTBOX = file;
  await outbox(['list']);
  expect(said).toEqual(['0 waiting, 0 dead, 0 delivered; 0 bytes']);
});

it('has dead work delivered after all, but for what is too late', async () => {
  const { waiting, dead, late } = fill();
  expect(await run('retry', dead)).toEqual([`${dead}  done`, '1 of 1 done']);
  expect(process.exitCode).toBeUndefined();
  expect(await run('retry', '--all')).toEqual([`${late}  NOT DONE: its deadline has passed`, '0 of 1 done']);
  expect(process.exitCode).toBe(1);
  expect(JSON.parse((await run('retry', waiting, 'none', '--json')).join('\n'))).toEqual([
    { id: waiting, outcome: 'not_dead' },
    { id: 'none', outcome: 'not_found' },
  ]);
  expect(await listed()).toEqual({ [dead]: 'waiting', [late]: 'dead', [waiting]: 'waiting' });
});

it('drops what is named, or all that is dead', async () => {
  const { waiting, dead, late, delivered } = fill();
  expect(await run('drop', '--all')).toEqual([`${dead}  done`, `${late}  done`, '2 of 2 done']);
  expect(process.exitCode).toBeUndefined();
  expect((await run('drop', waiting, delivered)).at(-1)).toBe('1 of 2 done');
  expect(process.exitCode).toBe(1);
  expect(await listed('--state', 'all')).toEqual({ [delivered]: 'delivered' });
});

it('drops of all that is dead only what is dead still', async () => {
  const { dead, late } = fill();
  const dropping = run('drop', '--all');
  // The work is listed; before it is dropped, somebody has it delivered after all.
  expect(retryDead(dead, Date.now())(database)).toBe('done');
  expect(await dropping).toEqual([`${dead}  NOT DONE: it is not dead`, `${late}  done`, '1 of 2 done']);
  expect(await listed('--state', 'waiting', '--function', 'render-invoice')).toEqual({ [dead]: 'waiting' });
});

it('of all that is dead, leaves alone what is not for the function that is named', async () => {
  const { dead, late } = fill();
  expect(await run('drop', '--all', '--function', 'other')).toEqual(['0 of 0 done']);
  expect(await listed('--state', 'dead')).toEqual({ [dead]: 'dead', [late]: 'dead' });
  expect((await run('drop', '--all', '--function', 'render-invoice')).at(-1)).toBe('2 of 2 done');
});

it.each([
  ['another action', ['show'], 'usage'],
  ['no IDs', ['retry'], 'usage'],
  ['IDs and --all', ['drop', 'a', '--all'], 'usage'],
  ['IDs to list', ['list', 'a'], 'usage'],
  ['--all to list', ['list', '--all'], 'usage'],
  ['a state to drop', ['drop', '--all', '--state', 'waiting'], 'usage'],
  ['a function beside IDs', ['drop', 'a', '--function', 'render-invoice'], 'usage'],
  ['another state', ['list', '--state', 'dad'], 'usage'],
  ['no number', ['list', '--limit', 'all'], 'usage'],
])('does not take %s', async (_what, args, reason) => {
  expect(await thrownBy(() => outbox([...args, '--file', file]))).toMatchObject({ reason });
});

it('makes no file that is not there, and says where one is damaged', async () => {
  const other = path.join(folder, 'other.db');
  expect(await thrownBy(() => outbox(['list', '--file', other]))).toMatchObject({ code: 'option_invalid' });
  expect(existsSync(other)).toBe(false);
  writeFileSync(
    other,
    'not a database at all, but longer than a header of SQLite, which has one hundred bytes in all.....',
  );
  expect(await thrownBy(() => outbox(['list', '--file', other]))).toMatchObject({ code: 'outbox_damaged' });
});
