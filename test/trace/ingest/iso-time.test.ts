import { openEngine, type Engine } from '../../../src/trace/engine/engine';
import { isoTime } from '../../../src/trace/ingest/json-line';

let engine: Engine;
beforeAll(async () => {
  engine = await openEngine({ threads: 1 });
  await engine.run(`SET TimeZone = 'America/New_York'`);
});
afterAll(() => engine.close());

it.each([
  ['2026-03-12T09:30:00.123Z', '2026-03-12T09:30:00.123Z'],
  ['2026-03-12T09:30:00', '2026-03-12T09:30:00.000Z'],
  ['2026-03-12T09:30:00.123456', '2026-03-12T09:30:00.123Z'],
  ['2026-03-12T09:30:00.123456789', '2026-03-12T09:30:00.123Z'],
  ['2026-03-12T09:30:00+01:00', '2026-03-12T08:30:00.000Z'],
  ['2026-03-12T09:30:00-05', '2026-03-12T14:30:00.000Z'],
  ['2026-03-12T09:30:00.000000+00:00', '2026-03-12T09:30:00.000Z'],
  ['infinity', undefined],
])('the time %s is the same on a machine in any zone', async (text, expected) => {
  const [row] = await engine.rows(`SELECT ${isoTime('t')} AS ms FROM (SELECT '${text}' AS t)`);
  const ms = row?.['ms'];
  expect(typeof ms === 'number' ? new Date(ms).toISOString() : undefined).toBe(expected);
});
