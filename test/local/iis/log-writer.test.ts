import fc from 'fast-check';
import { createHmac } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isCorrelationId, newCorrelationId } from '../../../src/correlation/correlation-id';
import { resolveCorrelation } from '../../../src/correlation/resolve';
import { W3cLogWriter } from '../../../src/local/iis/log-writer';

const directory = mkdtempSync(join(tmpdir(), 'baton-w3c-'));
afterAll(() => rmSync(directory, { recursive: true }));

/** Writes values as IDs, and reads them back as any reader of the format does. */
async function roundTrip(ids: readonly string[]): Promise<(string | undefined)[]> {
  const writer = new W3cLogWriter(mkdtempSync(join(directory, 'run-')), () => Date.UTC(2026, 2, 1), undefined);
  for (const id of ids) {
    writer.write({ 'cs-correlation-id': id, 'sc-correlation-id': id, 'sc-user-hash': id, 'sc-status': 200 });
  }
  await writer.flush();
  const lines = readFileSync(writer.file(), 'utf8').split('\r\n');
  const fields = lines
    .find((line) => line.startsWith('#Fields: '))!
    .slice('#Fields: '.length)
    .split(' ');
  const rows = lines.filter((line) => line !== '' && !line.startsWith('#')).map((line) => line.split(' '));
  return rows.map((values) => {
    expect(values).toHaveLength(fields.length);
    const [first, ...others] = ['cs-correlation-id', 'sc-correlation-id', 'sc-user-hash'].map(
      (name) => values[fields.indexOf(name)],
    );
    expect(others).toEqual([first, first]);
    return first === '-' ? undefined : first;
  });
}

const ASCII = Array.from({ length: 128 }, (_, code) => String.fromCharCode(code));

describe('an ID in the log of IIS', () => {
  it('is read back as it was, for each character that an ID may have, and any of them together', async () => {
    const single = ASCII.flatMap((character) => [character, `${character}a`, `a${character}`]).filter(isCorrelationId);
    const anything = fc.sample(fc.stringMatching(/^[A-Za-z0-9._:=-]{1,128}$/), { numRuns: 2000, seed: 7 });
    const ids = [...single, ...anything.filter(isCorrelationId)];
    expect(single).toHaveLength(3 * 67 - 1);
    expect(await roundTrip(ids)).toEqual(ids);
  });

  it('is one that can be read back, whatever a request came with', async () => {
    const sent = [...ASCII, '-', '--', 'a b', 'a+b', 'ä', '\u0000', 'x'.repeat(129), ''];
    const traces = { traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01' };
    const amazon = { 'x-amzn-trace-id': 'Root=1-67891233-abcdef012345678912345678' };
    const taken = sent.flatMap((id) =>
      [{}, traces, amazon].map((other) => resolveCorrelation({ 'x-correlation-id': id, ...other }).correlationId),
    );
    expect(await roundTrip([...taken, newCorrelationId()])).not.toContain(undefined);
    expect((await roundTrip(taken)).map(String)).toEqual(taken);
  });

  it('is read back where it is the hash of a caller', async () => {
    const hashes = Array.from({ length: 500 }, (_, i) => createHmac('sha256', 'k').update(`${i}`).digest('base64url'));
    expect(await roundTrip(hashes)).toEqual(hashes);
  });
});
