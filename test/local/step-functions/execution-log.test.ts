import { readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import { temporaryFolder } from '../../support/example';
import { startBench, type Bench } from './support';

const TOKEN = `${Buffer.from('{"alg":"ES256"}').toString('base64url')}.${Buffer.from('{}').toString('base64url')}.c2ln`;

let folder: string;
let bench: Bench;
beforeEach(async () => {
  folder = temporaryFolder();
  const states = { Greet: { Type: 'Pass', Result: 'hello', End: true } };
  bench = await startBench({ greet: { StartAt: 'Greet', States: states } }, { logDirectory: folder });
});
afterEach(async () => {
  await bench.stop();
  rmSync(folder, { recursive: true });
});

it('has a record for each event of each execution, as AWS logs at level ALL, and no token', async () => {
  const { executionArn } = await bench.run('greet', { caller: { correlationId: 'abc', handOver: TOKEN } });
  const text = readFileSync(path.join(folder, 'greet.jsonl'), 'utf8');
  expect(text).not.toContain(TOKEN);
  const records = text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  const events = await bench.history(executionArn!);
  expect(records.map(({ id, type, previous_event_id }) => [Number(id), type, Number(previous_event_id)])).toEqual(
    events.map(({ id, type, previousEventId }) => [id, type, previousEventId]),
  );
  expect(new Set(records.map(({ execution_arn }) => execution_arn))).toEqual(new Set([executionArn]));
  expect(records.map(({ event_timestamp }) => Number(event_timestamp))).toEqual(
    events.map(({ timestamp }) => timestamp!.getTime()),
  );
  expect(JSON.parse(records[0].details.input)).toEqual({ caller: { correlationId: 'abc', handOver: '[token]' } });
  expect(records[1].details.name).toBe('Greet');
});
