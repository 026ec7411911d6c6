import { Ajv } from 'ajv';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createMetrics, type Metrics, type MetricsOptions } from '../../src/logging';
import { thrownBy } from '../support/errors';
import { waitFor } from '../support/wait';

const folder = mkdtempSync(join(tmpdir(), 'baton-metrics-'));
afterAll(() => rmSync(folder, { recursive: true }));

type EmfObject = Record<string, unknown> & {
  _aws: { CloudWatchMetrics: { Namespace: string; Dimensions: string[][]; Metrics: { Name: string }[] }[] };
};

/** What CloudWatch's specification of the format asks of a line. */
const isEmf = new Ajv().compile({
  type: 'object',
  required: ['_aws'],
  properties: {
    _aws: {
      type: 'object',
      required: ['Timestamp', 'CloudWatchMetrics'],
      additionalProperties: false,
      properties: {
        Timestamp: { type: 'integer' },
        CloudWatchMetrics: {
          type: 'array',
          items: {
            type: 'object',
            required: ['Namespace', 'Dimensions', 'Metrics'],
            additionalProperties: false,
            properties: {
              Namespace: { type: 'string', minLength: 1, maxLength: 1024 },
              Dimensions: {
                type: 'array',
                minItems: 1,
                items: { type: 'array', maxItems: 30, items: { type: 'string', minLength: 1, maxLength: 250 } },
              },
              Metrics: {
                type: 'array',
                minItems: 1,
                maxItems: 100,
                items: {
                  type: 'object',
                  required: ['Name'],
                  additionalProperties: false,
                  properties: { Name: { type: 'string', minLength: 1 }, Unit: { enum: ['Count', 'Milliseconds'] } },
                },
              },
            },
          },
        },
      },
    },
  },
});

/** Reads a line as CloudWatch does: what it names must be there, and be what it is named as. */
function readEmf(line: string): EmfObject {
  expect(Buffer.byteLength(line)).toBeLessThan(256 * 1024);
  expect(line).not.toMatch(/[\r\n]/);
  const object = JSON.parse(line) as EmfObject;
  expect([isEmf(object), isEmf.errors]).toEqual([true, null]);
  const [directive] = object._aws.CloudWatchMetrics;
  for (const name of directive!.Dimensions.flat()) expect(object[name]).toMatch(/^[\x20-\x7e]{1,1024}$/);
  for (const { Name } of directive!.Metrics) {
    const values = [object[Name]].flat();
    expect(values.length).toBeLessThanOrEqual(100);
    for (const value of values) expect(value).toEqual(expect.any(Number));
  }
  return object;
}

function make(options: Partial<MetricsOptions> = {}): { metrics: Metrics; lines: () => EmfObject[] } {
  const written: string[] = [];
  const metrics = createMetrics({
    application: 'invoices',
    host: 'WEB1',
    write: (line) => written.push(line),
    clock: () => 1_800_000_000_123,
    ...options,
  });
  made.push(metrics);
  return { metrics, lines: () => written.splice(0).map(readEmf) };
}
const made: Metrics[] = [];
afterEach(() => {
  for (const metrics of made.splice(0)) metrics.close();
  jest.useRealTimers();
});

const GET = 'GET /invoices/{id}';

describe('createMetrics()', () => {
  it('writes requests by route and class of status, with each duration', () => {
    const { metrics, lines } = make();
    metrics.request({ route: GET, status: 200, durationMs: 1.26 });
    metrics.request({ route: GET, status: 204, durationMs: 30 });
    metrics.request({ route: GET, status: 404, durationMs: 2 });
    metrics.request({ route: undefined, status: 401, durationMs: 0.04 });
    metrics.request({ route: GET, status: undefined, durationMs: 5000 });
    expect(lines()).toEqual([]);
    metrics.flush();
    const [first, ...others] = lines();
    expect(first).toEqual({
      _aws: {
        Timestamp: 1_800_000_000_123,
        CloudWatchMetrics: [
          {
            Namespace: 'Baton',
            Dimensions: [['application'], ['application', 'host'], ['application', 'route', 'statusClass']],
            Metrics: [
              { Name: 'requests', Unit: 'Count' },
              { Name: 'durationMs', Unit: 'Milliseconds' },
            ],
          },
        ],
      },
      application: 'invoices',
      host: 'WEB1',
      route: GET,
      statusClass: '2xx',
      requests: 2,
      durationMs: [1.3, 30],
    });
    expect(others.map(({ route, statusClass, requests }) => [route, statusClass, requests])).toEqual([
      [GET, '4xx', 1],
      ['(unlisted)', '4xx', 1],
      [GET, 'aborted', 1],
    ]);
    metrics.flush();
    expect(lines()).toEqual([]);
  });

  it('writes refusals by code, calls of functions, work left behind and starts of workflows by outcome', () => {
    const { metrics, lines } = make({ namespace: 'Acme/Web' });
    metrics.refused('permission_denied');
    metrics.refused('permission_denied');
    metrics.functionCall({ function: 'render', outcome: 'succeeded', durationMs: 80 });
    metrics.functionCall({ function: 'render', outcome: 'function_timeout', durationMs: 10_000 });
    metrics.workLeft({ function: 'render', outcome: 'left', durationMs: 2 });
    metrics.workflowStart({ workflow: 'approve', outcome: 'started', durationMs: 40 });
    metrics.flush();
    const written = lines();
    const refused = written.shift();
    expect(written.pop()).toMatchObject({
      workflow: 'approve',
      outcome: 'started',
      workflowStarts: 1,
      workflowStartMs: [40],
      _aws: { CloudWatchMetrics: [{ Dimensions: [['application', 'workflow', 'outcome']] }] },
    });
    expect(written.pop()).toMatchObject({ function: 'render', outcome: 'left', workLeft: 1, workLeftMs: [2] });
    const calls = written;
    expect(refused).toMatchObject({ application: 'invoices', code: 'permission_denied', refused: 2 });
    expect(refused!._aws.CloudWatchMetrics[0]).toMatchObject({
      Namespace: 'Acme/Web',
      Dimensions: [['application'], ['application', 'code']],
    });
    expect(
      calls.map(({ outcome, functionCalls, functionDurationMs }) => [outcome, functionCalls, functionDurationMs]),
    ).toEqual([
      ['succeeded', 1, [80]],
      ['function_timeout', 1, [10_000]],
    ]);
  });

  it('writes a line when it is full, and loses no value', () => {
    const { metrics, lines } = make();
    for (let i = 0; i < 250; i++) metrics.request({ route: GET, status: 200, durationMs: i });
    const full = lines();
    expect(full.map(({ requests }) => requests)).toEqual([100, 100]);
    metrics.flush();
    const values = [...full, ...lines()].flatMap(({ durationMs }) => durationMs as number[]);
    expect(values).toEqual(Array.from({ length: 250 }, (_, i) => i));
  });

  it('counts refusals without end in one line', () => {
    const { metrics, lines } = make();
    for (let i = 0; i < 1234; i++) metrics.refused('token_invalid');
    metrics.flush();
    expect(lines()).toEqual([expect.objectContaining({ code: 'token_invalid', refused: 1234 })]);
  });

  it('tells no more than 1000 routes apart, whatever a caller of its own hands it', () => {
    const { metrics, lines } = make();
    for (let i = 0; i < 1500; i++) metrics.request({ route: `GET /${i}`, status: 200, durationMs: 1 });
    metrics.flush();
    const routes = lines().map(({ route }) => route);
    expect(new Set(routes).size).toBe(1001);
    for (let i = 2000; i < 2010; i++) metrics.request({ route: `GET /${i}`, status: 200, durationMs: 1 });
    metrics.flush();
    expect(lines()).toEqual([expect.objectContaining({ route: '(other)', requests: 10 })]);
  });

  it('writes what CloudWatch takes as dimensions, whatever the names are', () => {
    const { metrics, lines } = make({ application: 'Ünïcode\u0007', host: 'x'.repeat(5000) });
    metrics.request({ route: ' ', status: 200, durationMs: 1 });
    metrics.flush();
    expect(lines()).toEqual([expect.objectContaining({ application: '?n?code?', route: '(none)' })]);
  });

  it('writes the sets of dimensions that are asked for, and no dimension that is in none', () => {
    const { metrics, lines } = make({ dimensionSets: [['application', 'statusClass'], []] });
    metrics.request({ route: GET, status: 500, durationMs: 1 });
    metrics.flush();
    const [line] = lines();
    expect(Object.keys(line!)).toEqual(['_aws', 'application', 'statusClass', 'requests', 'durationMs']);
  });

  it('writes each interval, and no more when it is closed', () => {
    jest.useFakeTimers();
    const { metrics, lines } = make({ intervalSeconds: 10 });
    metrics.refused('token_invalid');
    jest.advanceTimersByTime(9_999);
    expect(lines()).toHaveLength(0);
    jest.advanceTimersByTime(1);
    expect(lines()).toHaveLength(1);
    metrics.refused('token_invalid');
    metrics.close();
    expect(lines()).toHaveLength(1);
    expect(jest.getTimerCount()).toBe(0);
  });

  it('writes to a file, its folder made', async () => {
    const file = join(folder, 'new', 'metrics.jsonl');
    const { metrics } = make({ file, write: undefined });
    metrics.refused('token_invalid');
    metrics.close();
    await waitFor('the line', () => readFileSync(file, 'utf8').endsWith('\n'));
    expect(readEmf(readFileSync(file, 'utf8').trimEnd())).toMatchObject({ refused: 1 });
  });

  it.each<[string, object, string]>([
    ['no name of the app', { application: '' }, 'option_invalid'],
    ['a namespace of AWS', { namespace: 'AWS/EC2' }, 'option_invalid'],
    ['a namespace with blanks', { namespace: 'My app' }, 'option_invalid'],
    ['an empty host', { host: ' ' }, 'option_invalid'],
    ['an interval of 0', { intervalSeconds: 0 }, 'option_invalid'],
    ['an unknown dimension', { dimensionSets: [['path']] }, 'option_invalid'],
    ['a dimension twice', { dimensionSets: [['host', 'host']] }, 'option_invalid'],
    ['no dimension sets', { dimensionSets: [] }, 'option_invalid'],
    ['file and write', { file: 'x' }, 'option_invalid'],
    ['neither file nor write', { write: undefined }, 'option_invalid'],
    ['something else to write with', { write: 'x' }, 'option_invalid'],
    ['a file that cannot be made', { write: undefined, file: '/dev/null/x.jsonl' }, 'option_invalid'],
    ['an unknown option', { name: 'x' }, 'option_unknown'],
  ])('refuses %s', async (_what, options, code) => {
    expect(await thrownBy(() => make(options))).toMatchObject({ code });
  });
});
