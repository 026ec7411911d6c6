import { readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import { accessLogFormatText } from '../../src/correlation/access-log-format';
import { analyse } from '../../src/trace/analysis/analyse';
import { openEngine, type Engine } from '../../src/trace/engine/engine';
import { ingest } from '../../src/trace/ingest/ingest';
import type { TraceReport } from '../../src/trace/report-model';
import { temporaryFolder } from '../support/example';

const { generate } = require('../../bench/trace/generate.js') as {
  generate: (options: object) => Truth;
};
const { wrongReport } = require('../../bench/trace/check.js') as {
  wrongReport: (report: TraceReport, truth: Truth) => string[];
};

type Counts = Readonly<Record<string, number>>;

/** What the generator counted while it wrote. */
interface Truth {
  readonly counts: {
    readonly bypass: Counts;
    readonly bypassSeenByApp: Counts;
    readonly duplicates: Counts;
    readonly identity: Counts;
    readonly neverReached: Counts;
    readonly offloads: Counts;
    readonly tokens: Readonly<Record<string, Counts>>;
    readonly workflows: Counts;
    readonly idleConnections: number;
    readonly rowsWithoutIdField: number;
  };
  readonly files: readonly {
    readonly path: string;
    readonly lines: number;
    readonly rejects: Counts;
  }[];
}

let folder: string;
let engine: Engine;
let truth: Truth;
let report: TraceReport;

beforeAll(async () => {
  folder = temporaryFolder();
  truth = generate({ folder, requests: 3000, seed: 1, shapes: 'mixed', loggedShare: 0.5 });
  engine = await openEngine({});
  await ingest(engine, { paths: [path.join(folder, 'logs')] });
  report = await analyse(engine, {});
});
afterAll(async () => {
  await engine?.close();
  rmSync(folder, { recursive: true, force: true });
});

it('counts, percentiles and files are as the generator wrote them', () => {
  expect(wrongReport(report, truth)).toEqual([]);
  expect(report.hops.length).toBeGreaterThan(100);
});

it('each finding counts what the generator did', () => {
  const {
    bypass,
    bypassSeenByApp: seen,
    duplicates,
    identity,
    neverReached: lost,
    offloads,
    tokens,
    workflows,
    ...more
  } = truth.counts;
  const sum = (...counts: (number | undefined)[]): number =>
    counts.reduce<number>((all, count) => all + (count ?? 0), 0);
  const expected: Counts = {
    'bypass-without-id': sum(bypass.withoutId, bypass.healthCheck, -sum(seen.healthCheck)),
    'bypass-public': sum(seen.healthCheck),
    'bypass-unknown-id': sum(bypass.unknownId),
    'bypass-forged-token': sum(seen.unknownId),
    'gateway-answered': sum(lost.unauthorized, lost.accessDenied, lost.throttled),
    'integration-failed': sum(lost.timedOut, lost.unreachable, lost.refusedByHttpSys),
    'iis-row-missing': sum(lost.lost),
    'http-sys-errors': sum(lost.refusedByHttpSys, more.idleConnections),
    'duplicate-lines': sum(duplicates.deliveredTwice),
    'id-used-twice': sum(duplicates.replayed),
    'identity-differs-gateway': sum(identity.gatewayAndApp),
    'identity-differs-function': sum(identity.appAndFunction),
    'token-signature': sum(tokens.app!.signature, tokens.authorizer!.signature),
    'token-expired': sum(tokens.app!.expired, tokens.authorizer!.expired),
    'token-not-yet-valid': sum(tokens.app!.not_yet_valid),
    'hand-over-without-end': sum(offloads.withoutEnd),
    'workflow-without-end': sum(workflows.withoutEnd),
    'cold-starts': sum(offloads.coldStarts),
    'correlation-field-missing': more.rowsWithoutIdField,
    'lines-rejected': sum(...truth.files.flatMap(({ rejects }) => Object.values(rejects))),
  };
  expect(Object.values(expected).every((count) => count > 0)).toBe(true);
  const found = Object.fromEntries(report.findings.map(({ rule, count }) => [rule, count]));
  expect(found).toMatchObject(expected);
});

it('each line of each file is accounted for', () => {
  for (const { path: name, lines, rowsRead, rowsRejected, rowsSkipped } of report.inputs) {
    expect([name, rowsRead + rowsRejected + rowsSkipped]).toEqual([name, lines]);
  }
  expect(report.inputs.map(({ path: name }) => path.relative(path.join(folder, 'logs'), name)).sort()).toEqual(
    truth.files.map((file) => path.normalize(file.path)).sort(),
  );
});

it('the same seed gives the same logs, and another one others', () => {
  const truthOf = (seed: number): string => {
    const place = temporaryFolder();
    generate({ folder: place, requests: 300, seed });
    const text = readFileSync(path.join(place, 'logs', 'web-3', 'W3SVC1', 'u_ex260302_x.log'), 'latin1');
    rmSync(place, { recursive: true });
    return text;
  };
  const first = truthOf(5);
  expect(truthOf(5)).toBe(first);
  expect(truthOf(6)).not.toBe(first);
});

it("the generator's access log has the keys of Baton's format", () => {
  const keysIn = (name: string): string[] => {
    const [line] = readFileSync(path.join(folder, 'logs', 'gateway', name), 'utf8').split('\n');
    return Object.keys(JSON.parse(line!)).sort();
  };
  const keysOf = (api: 'rest' | 'http'): string[] => Object.keys(JSON.parse(accessLogFormatText(api))).sort();
  expect(keysIn('rest-2026-03-04.jsonl')).toEqual(keysOf('rest'));
  expect(keysIn('http-2026-03-04.jsonl')).toEqual(keysOf('http'));
});
