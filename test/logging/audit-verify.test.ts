import fc from 'fast-check';
import { appendFileSync, cpSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { ALGORITHMS, type Algorithm } from '../../src/jws/algorithms';
import { jwkSigner } from '../../src/jws/sign';
import { fixedKeySource } from '../../src/keys/fixed';
import type { AuditPlace } from '../../src/logging/audit-checkpoint';
import { readLine, sealLine } from '../../src/logging/audit-line';
import type { AuditTrailOptions } from '../../src/logging/audit-trail';
import { verifyAuditFiles, type AuditFileReport, type VerifyOptions } from '../../src/logging/audit-verify';
import { auditFolder, clock, eventOf, rewrite, type AuditFolder } from '../support/audit-files';
import { recordingLogger } from '../support/recording-logger';
import { forge, makeKey } from '../support/tokens';

jest.setTimeout(60_000);

const key = makeKey();
const signer = jwkSigner(key.privateJwk);
const algorithms = Object.keys(ALGORITHMS) as Algorithm[];
const keys = fixedKeySource({ keys: [key.publicJwk] }, algorithms);

let folder: AuditFolder;
beforeEach(() => (folder = auditFolder()));
afterEach(() => folder.remove());

/** A trail of this many events that was ended in order; gives its file, or files. */
async function written(count: number, options: Partial<AuditTrailOptions> = {}): Promise<string[]> {
  const before = folder.files();
  const trail = folder.trail(options);
  for (let i = 0; i < count; i++) trail.record(eventOf(i));
  await trail.close();
  return folder.files().filter((file) => !before.includes(file));
}

const verify = async (options: VerifyOptions = {}, files = folder.files()): Promise<AuditFileReport[]> =>
  (await verifyAuditFiles(files, options)).files.slice();
const faultOf = async (options: VerifyOptions = {}, files?: string[]): Promise<[string, number] | undefined> => {
  const fault = (await verify(options, files)).find((file) => file.fault !== undefined)?.fault;
  return fault && [fault.kind, fault.line];
};
const placeAt = (file: string, seq: number): AuditPlace => {
  const { chain } = folder.lines(file)[0] as { chain: string };
  return { chain, seq, hash: String(folder.lines(file)[seq]!.hash) };
};

/** The lines from `index` on, written anew so that the chain is right again, as one can who knows how it is made. */
function reseal(lines: string[], index: number, change: (fields: Record<string, unknown>) => void): void {
  for (let i = index; i < lines.length; i++) {
    const { seq, timestamp, hash, prev, ...fields } = JSON.parse(lines[i]!) as Record<string, unknown>;
    const before = i === 0 ? prev : (JSON.parse(lines[i - 1]!) as { hash: string }).hash;
    expect(hash).toHaveLength(43);
    if (i === index) change(fields);
    lines[i] = sealLine(seq as number, timestamp as string, before as string, fields).text;
  }
}

describe('files as they were written', () => {
  it.each<[string, number, Partial<AuditTrailOptions>]>([
    ['no events', 0, {}],
    ['one', 1, {}],
    ['1,000 in one file', 1000, { signer, checkpointEvery: 100 }],
    ['1,000 in many', 1000, { signer, checkpointEvery: 100, maxBytes: 4096 }],
  ])('of %s are right', async (_name, count, options) => {
    const files = await written(count, options);
    const reports = await verify(options.signer && { keys });
    expect(reports.map(({ ok, fault }) => [ok, fault])).toEqual(files.map(() => [true, undefined]));
    expect(reports.map(({ lines }) => lines)).toEqual(files.map((file) => folder.lines(file).length));
    expect(reports.flatMap(({ notes }) => notes)).toEqual([]);
    const { ended, last, signedThrough } = reports.at(-1)!;
    const end = folder.lines().at(-1)!;
    expect([ended, last]).toEqual([true, { seq: end.seq, hash: end.hash }]);
    if (options.signer) expect(signedThrough).toBe(Number(end.seq) - 2);
  });

  it('in any order, twice, and beside those of other processes, are right', async () => {
    for (let i = 0; i < 3; i++) await written(50, { maxBytes: 4096, clock: () => clock() + i * 1000 });
    const report = await verifyAuditFiles([...folder.files(), ...folder.files().reverse()]);
    expect([report.ok, report.files.length]).toEqual([true, folder.files().length]);
  });

  it('of a process that runs, or was ended without notice, are right, and the report says that the end is open', async () => {
    folder.trail().record(eventOf(1));
    const [report] = await verify();
    expect(report).toMatchObject({ ok: true, ended: false, notes: [expect.stringMatching(/no last line/)] });
  });

  it('say what was lost', async () => {
    const [file = ''] = await written(2);
    rewrite(file, (lines) => reseal(lines, 1, (fields) => Object.assign(fields, { type: 'audit_lost', lost: 7 })));
    expect((await verify())[0]!.notes).toEqual(['Before line 2, 7 lines were lost.']);
  });
});

describe('a chain of 1,000 lines', () => {
  let file: string;
  let bytes: Buffer;
  let lines: string[];
  const put = (text: string | Buffer): void => writeFileSync(file, text);
  const joined = (of: readonly string[]): string => of.map((line) => `${line}\n`).join('');
  const lineAt = fc.nat({ max: 999 });

  beforeEach(async () => {
    const trail = folder.trail();
    for (let i = 1; i < 999; i++) trail.record(eventOf(i));
    await trail.close();
    file = trail.path;
    bytes = readFileSync(file);
    lines = bytes.toString().split('\n').slice(0, -1);
    expect(lines).toHaveLength(1000);
  });

  /** 60 spoilt files, the same ones each time. */
  const always = async <T>(what: fc.Arbitrary<T>, check: (value: T) => Promise<void>): Promise<void> =>
    fc.assert(fc.asyncProperty(what, check), { numRuns: 60, seed: 4711 });

  it('with any byte changed is found to be, in that line', () =>
    always(fc.tuple(fc.nat({ max: bytes.length - 1 }), fc.integer({ min: 1, max: 255 })), async ([at, difference]) => {
      const spoilt = Buffer.from(bytes);
      spoilt[at] = spoilt[at]! ^ difference;
      put(spoilt);
      const line = bytes.subarray(0, at).toString().split('\n').length;
      // Without its line end the last line is one that is cut off.
      expect(await faultOf()).toEqual([at === bytes.length - 1 ? 'cut off' : 'changed', line]);
    }));

  it('with any bytes put in is found changed', () =>
    always(fc.tuple(fc.nat({ max: bytes.length - 1 }), fc.uint8Array({ minLength: 1 })), async ([at, more]) => {
      put(Buffer.concat([bytes.subarray(0, at), more, bytes.subarray(at)]));
      expect(await faultOf()).toBeDefined();
    }));

  it('without any lines but the last is found, at the place where they were', () =>
    always(fc.tuple(fc.nat({ max: 998 }), fc.integer({ min: 1, max: 5 })), async ([at, count]) => {
      put(joined(lines.toSpliced(at, Math.min(count, 999 - at))));
      expect(await faultOf()).toEqual(['missing', at + 1]);
    }));

  it('with any two lines exchanged is found, at the first of them', () =>
    always(
      fc.tuple(lineAt, lineAt).filter(([a, b]) => a < b),
      async ([a, b]) => {
        put(joined(lines.with(a, lines[b]!).with(b, lines[a]!)));
        expect(await faultOf()).toEqual(['reordered', a + 1]);
      },
    ));

  it('with any line given twice is found, at the second of them', () =>
    always(
      fc.tuple(lineAt, lineAt).filter(([a, b]) => a <= b),
      async ([a, b]) => {
        put(joined(lines.toSpliced(b + 1, 0, lines[a]!)));
        expect(await faultOf()).toEqual(['reordered', b + 2]);
      },
    ));

  it('cut off within any line is found, and one line from the end on only with a place that was kept', () =>
    always(fc.integer({ min: 1, max: bytes.length - 1 }), async (length) => {
      const place = placeAt(file, 999);
      put(bytes.subarray(0, length));
      const whole = bytes[length - 1] === 0x0a;
      const ends = bytes.subarray(0, length).toString().split('\n').length;
      expect(await faultOf()).toEqual(whole ? undefined : ['cut off', ends]);
      expect((await faultOf({ places: [place] }))?.[0]).toBe('cut off');
      put(bytes);
    }));

  it('written anew from any line on is found only with a later place that was kept', () =>
    always(lineAt, async (at) => {
      const places = [placeAt(file, 999)];
      rewrite(file, (all) => reseal(all, at, (fields) => Object.assign(fields, { forged: true })));
      expect([await faultOf(), (await faultOf({ places }))?.[0]]).toEqual([undefined, 'changed']);
      put(bytes);
    }));
});

describe('spoilt files', () => {
  it.each<[string, (file: string) => void, string, number]>([
    ['an empty one', (file) => writeFileSync(file, ''), 'cut off', 1],
    ['one without line end', (file) => truncateSync(file, readFileSync(file).length - 1), 'cut off', 12],
    ['half a line', (file) => appendFileSync(file, '{"seq":'), 'cut off', 13],
    ['no JSON', (file) => writeFileSync(file, 'hello\nworld\n'), 'changed', 1],
    ['a line without end', (file) => writeFileSync(file, 'x'.repeat(3 * 1024 * 1024)), 'changed', 1],
    [
      'lines behind the last',
      (file) =>
        rewrite(file, (all) => {
          const { hash } = JSON.parse(all.at(-1)!) as { hash: string };
          all.push(sealLine(all.length, 'now', hash, { type: 'audit' }).text);
        }),
      'changed',
      13,
    ],
    [
      'one line written anew with its hash',
      (file) =>
        rewrite(file, (all) => {
          const line = all[4]!;
          reseal(all, 4, (fields) => Object.assign(fields, { forged: true }));
          expect(all[4]).not.toBe(line);
          all.splice(5, all.length, ...readFileSync(file, 'utf8').split('\n').slice(5, -1));
        }),
      'changed',
      6,
    ],
    [
      'carriage returns',
      (file) => writeFileSync(file, readFileSync(file, 'utf8').replaceAll('\n', '\r\n')),
      'changed',
      1,
    ],
  ])('%s: found', async (_name, spoil, kind, line) => {
    const [file = ''] = await written(10);
    spoil(file);
    expect(await faultOf()).toEqual([kind, line]);
  });

  it('a line that is another spelling of the same JSON is not the same line', async () => {
    const [file = ''] = await written(3);
    rewrite(file, (all) => (all[1] = all[1]!.replace('"seq":1', '"seq": 1')));
    expect(await faultOf()).toEqual(['changed', 2]);
  });

  it.each<[string, number[], string, string]>([
    ['the first part', [0], '', ''],
    ['one in the middle', [2], '3', 'missing'],
    ['two in the middle', [2, 3], '4', 'missing'],
  ])('without %s the part behind says so', async (_name, gone, at, kind) => {
    const files = await written(80, { maxBytes: 4096 });
    expect(files.length).toBeGreaterThan(5);
    for (const index of gone) rmSync(files[index]!);
    const reports = await verify();
    const bad = reports.filter(({ ok }) => !ok);
    if (kind === '') expect([bad, reports[0]!.notes]).toEqual([[], [expect.stringMatching(/before this one/)]]);
    else expect(bad.map(({ part, fault }) => [String(part), fault?.kind])).toEqual([[String(Number(at) + 1), kind]]);
  });

  it('a part whose end was cut off between two lines is found by the part behind it', async () => {
    const files = await written(80, { maxBytes: 4096 });
    rewrite(files[1]!, (all) => all.splice(-2));
    expect((await verify()).filter(({ ok }) => !ok).map(({ part, fault }) => [part, fault?.kind])).toEqual([
      [2, 'cut off'],
    ]);
  });

  it('a file whose end was cut off between two lines is found by the chain that was begun after it', async () => {
    const [first = ''] = await written(20);
    await written(1, { clock: () => clock() + 1000 });
    rewrite(first, (all) => all.splice(-3));
    expect(await faultOf()).toEqual(['cut off', 20]);
  });

  it('half a line is no fault where the next chain saw it: its writer was ended', async () => {
    const trail = folder.trail({ logger: recordingLogger() });
    trail.record(eventOf(1));
    appendFileSync(trail.path, '{"seq":2,"timest');
    expect(await faultOf()).toEqual(['cut off', 3]);
    await written(1, { clock: () => clock() + 1000 });
    const [report] = await verify();
    expect(report).toMatchObject({
      ok: true,
      notes: [expect.stringMatching(/half a line, and was so/), expect.anything()],
    });
    truncateSync(trail.path, readFileSync(trail.path, 'utf8').lastIndexOf('{"seq":1') + 9);
    expect(await faultOf()).toEqual(['cut off', 2]);
  });

  it('a copy of a file under another name changes nothing', async () => {
    const [file = ''] = await written(5);
    const copy = file.replace('audit.', 'copy.');
    cpSync(file, copy);
    expect((await verify({}, [copy])).map(({ ok }) => ok)).toEqual([true]);
  });
});

it('of two files that both say that they are one part of a chain, and differ, one is found changed', async () => {
  const [file = ''] = await written(5);
  const forged = `${file.slice(0, -'.jsonl'.length)}-2.jsonl`;
  cpSync(file, forged);
  expect(await faultOf()).toBeUndefined();
  rewrite(forged, (all) => reseal(all, 2, (fields) => Object.assign(fields, { forged: true })));
  for (const files of [folder.files(), folder.files().reverse()]) {
    expect((await verify({}, files)).filter(({ ok }) => !ok)).toMatchObject([{ fault: { kind: 'changed', line: 3 } }]);
  }
});

describe('checkpoints', () => {
  const other = makeKey('ES256', { kid: 'ES256-1' });
  const typ = 'baton-audit+jwt';
  /** Puts another JWS in the place of the second checkpoint, in a chain that is right. */
  async function withCheckpoint(make: (place: AuditPlace) => string): Promise<string> {
    const trail = folder.trail({ signer });
    await trail.checkpoint();
    trail.record(eventOf(1));
    await trail.close();
    const index = folder.lines().findLastIndex(({ type }) => type === 'audit_checkpoint');
    const place = placeAt(trail.path, 1);
    rewrite(trail.path, (all) => reseal(all, index, (fields) => (fields.jws = make(place))));
    return String(index + 1);
  }

  it.each<[string, (place: AuditPlace) => string]>([
    ['by another key', (place) => forge({ alg: 'ES256', typ, kid: key.kid }, place, other)],
    ['of another type', (place) => forge({ alg: 'ES256', typ: 'JWT', kid: key.kid }, place, key)],
    ['of another chain', (place) => forge({ alg: 'ES256', typ, kid: key.kid }, { ...place, chain: 'x' }, key)],
    ['of another hash', (place) => forge({ alg: 'ES256', typ, kid: key.kid }, { ...place, hash: 'x' }, key)],
    ['of another line', (place) => forge({ alg: 'ES256', typ, kid: key.kid }, { ...place, seq: 0 }, key)],
    ['of a line to come', (place) => forge({ alg: 'ES256', typ, kid: key.kid }, { ...place, seq: 500 }, key)],
    ['of no place', () => forge({ alg: 'ES256', typ, kid: key.kid }, {}, key)],
    ['that is none', () => 'hello'],
  ])('signed %s are found', async (_name, make) => {
    const line = Number(await withCheckpoint(make));
    expect(await faultOf({ keys })).toEqual(['bad checkpoint', line]);
  });

  it('of a line that is too far back to be compared are found: they would sign whatever was written since', async () => {
    const [file = ''] = await written(1, { signer });
    const first = folder.lines(file).find(({ type }) => type === 'audit_checkpoint')!;
    const { chain } = folder.lines(file)[0] as { chain: string };
    let prev = 'A'.repeat(43);
    const lines = Array.from({ length: 140_000 }, (_, seq) => {
      const opening = { type: 'audit_chain', chain, part: 1, follows: [], forged: true };
      const fields = seq === 0 ? opening : seq < 139_999 ? { type: 'audit' } : { type: first.type, jws: first.jws };
      const { text, hash } = sealLine(seq, 'now', prev, fields);
      prev = hash;
      return `${text}\n`;
    });
    writeFileSync(file, lines.join(''));
    expect(await faultOf({ keys })).toEqual(['bad checkpoint', 140_000]);
  });

  it('of lines that were not given sign none of those that were', async () => {
    const files = await written(80, { signer, maxBytes: 4096 });
    const jws = forge({ alg: 'ES256', typ, kid: key.kid }, placeAt(files[0]!, 3), key);
    const second = files[1]!;
    rewrite(second, (all) => {
      for (let i = all.length - 1; i > 2; i--) all.pop();
      reseal(all, 1, (fields) => Object.assign(fields, { forged: true }));
      reseal(all, 2, (fields) => Object.assign(fields, { type: 'audit_checkpoint', jws }));
    });
    const [report] = await verify({ keys }, [second]);
    expect(report).toMatchObject({ ok: false, fault: { kind: 'bad checkpoint' } });
    expect(report).not.toHaveProperty('signedThrough');
  });

  it('taken away, all of them, are missed as soon as keys are given', async () => {
    await written(10);
    expect([await faultOf(), (await faultOf({ keys }))?.[0]]).toEqual([undefined, 'bad checkpoint']);
  });

  it('that were kept elsewhere find lines that are gone, and chains', async () => {
    const [file = ''] = await written(10);
    const place = placeAt(file, 9);
    expect(await faultOf({ places: [place] })).toBeUndefined();
    const gone = { ...place, chain: 'another' };
    expect(await verifyAuditFiles(folder.files(), { places: [place, gone] })).toMatchObject({
      ok: false,
      missingChains: ['another'],
      files: [{ ok: true }],
    });
    const twice = [place, { ...place, hash: 'x'.repeat(43) }];
    expect(await faultOf({ places: twice })).toEqual(['changed', 10]);
  });

  it('that were kept elsewhere find the first part gone', async () => {
    const files = await written(80, { maxBytes: 4096 });
    const places = [placeAt(files[0]!, 3)];
    rmSync(files[0]!);
    expect(await faultOf({ places })).toEqual(['missing', 1]);
  });
});

it('a line is read only if its hash is that of its bytes', () => {
  const { text } = sealLine(3, 'now', 'p', { a: 1 });
  expect(readLine(Buffer.from(text))).toMatchObject({ seq: 3, prev: 'p', fields: { a: 1 } });
  for (const broken of ['', '{}', text.slice(1), `${text} `, sealLine(1.5, 'now', 'p', {}).text]) {
    expect(readLine(Buffer.from(broken))).toBeUndefined();
  }
});
