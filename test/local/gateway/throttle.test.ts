import type { GatewayOptions } from '../../../src/local/gateway/gateway';
import type { ThrottlingSettings } from '../../../src/local/gateway/throttle';
import { thrownBy } from '../../support/errors';
import { recordingLogger } from '../../support/recording-logger';
import {
  allowAll,
  cleanUp,
  definitionOf,
  gatewayFor,
  send,
  startOrigin,
  type Origin,
  type TestGateway,
} from './support';

const OPERATIONS = {
  'GET /invoices/{id}': { secured: true },
  'POST /invoices/{id}': {},
  'ANY /other': {},
};

let origin: Origin;
let now: number;

beforeEach(async () => {
  now = 1_794_000_000_000;
  origin = await startOrigin();
});
afterEach(cleanUp);

function start(throttling: ThrottlingSettings, options: Partial<GatewayOptions> = {}): Promise<TestGateway> {
  const { kind = 'rest' } = options;
  return gatewayFor({
    kind,
    definition: definitionOf(kind, OPERATIONS),
    authorizers: { baton: kind === 'rest' ? allowAll() : () => Promise.resolve({ isAuthorized: true }) },
    stageVariables: { origin: origin.authority },
    clock: () => now,
    throttling,
    ...options,
  });
}

/** Sends requests one after the other; gives their statuses. */
async function statuses({ url }: TestGateway, count: number, line = 'GET /invoices/7'): Promise<number[]> {
  const [method = '', path = ''] = line.split(' ');
  const all: number[] = [];
  for (let i = 0; i < count; i++) {
    all.push((await send(`${url}${path}`, { method, headers: ['Authorization', 'Bearer x'] })).status);
  }
  return all;
}

describe.each(['rest', 'http'] as const)('a throttled %s API', (kind) => {
  it('lets a burst through, then the rate', async () => {
    const gateway = await start({ default: { rateLimit: 2, burstLimit: 3 } }, { kind });
    expect(await statuses(gateway, 5)).toEqual([200, 200, 200, 429, 429]);
    now += 499;
    expect(await statuses(gateway, 1)).toEqual([429]);
    now += 1;
    expect(await statuses(gateway, 2)).toEqual([200, 429]);
    now += 3_600_000;
    expect(await statuses(gateway, 4)).toEqual([200, 200, 200, 429]);
  });

  it('counts each route alone, by its own limit where it has one', async () => {
    const gateway = await start(
      {
        default: { rateLimit: 1, burstLimit: 1 },
        routes: { 'POST /invoices/{id}': { rateLimit: 0.5, burstLimit: 2 } },
      },
      { kind },
    );
    expect(await statuses(gateway, 2)).toEqual([200, 429]);
    expect(await statuses(gateway, 3, 'POST /invoices/8')).toEqual([200, 200, 429]);
    expect(await statuses(gateway, 2, 'GET /other')).toEqual([200, 429]);
    now += 1_000;
    expect(await statuses(gateway, 1, 'POST /invoices/9')).toEqual([429]);
    now += 1_000;
    expect(await statuses(gateway, 1, 'POST /invoices/9')).toEqual([200]);
  });

  it('leaves routes without a limit alone, and lets nothing through at a rate of 0', async () => {
    const gateway = await start({ routes: { 'ANY /other': { rateLimit: 0, burstLimit: 5 } } }, { kind });
    expect(await statuses(gateway, 1, 'PUT /other')).toEqual([429]);
    expect(await statuses(gateway, 20)).toEqual(Array(20).fill(200));
  });

  it('gains nothing while the clock runs backwards', async () => {
    const gateway = await start({ default: { rateLimit: 1, burstLimit: 1 } }, { kind });
    expect(await statuses(gateway, 1)).toEqual([200]);
    now -= 60_000;
    expect(await statuses(gateway, 1)).toEqual([429]);
  });

  it('says so to the client, in the access log and to whoever watches, and asks neither authorizer nor app', async () => {
    const logger = recordingLogger();
    const gateway = await start({ default: { rateLimit: 0, burstLimit: 0 } }, { kind, logger });
    const { status, body, headers } = await send(`${gateway.url}/invoices/7`, {
      headers: ['Authorization', 'Bearer x'],
    });
    expect([status, body]).toEqual([429, '{"message":"Too Many Requests"}']);
    expect(headers['x-amzn-errortype']).toBe(kind === 'rest' ? 'TooManyRequestsException' : undefined);
    expect(headers).not.toHaveProperty('retry-after');
    expect([gateway.authorizerCalls, origin.seen]).toEqual([0, []]);
    expect(gateway.lines()).toEqual([
      expect.objectContaining({ status: '429', errorResponseType: 'THROTTLED', integrationStatus: '-' }),
    ]);
    const shown = headers[kind === 'rest' ? 'x-amz-apigw-id' : 'apigw-requestid'];
    expect(gateway.lines()[0]!.extendedRequestId).toBe(shown);
    expect(logger.lines).toEqual([expect.objectContaining({ message: 'The gateway throttled GET /invoices/{id}' })]);
  });
});

it.each<[string, ThrottlingSettings, RegExp]>([
  [
    'a route that is not there',
    { routes: { 'GET /invoice/{id}': { rateLimit: 1, burstLimit: 1 } } },
    /did you mean|known are/,
  ],
  ['a negative rate', { default: { rateLimit: -1, burstLimit: 1 } }, /numbers from 0/],
  ['a burst that is not whole', { default: { rateLimit: 1, burstLimit: 1.5 } }, /numbers from 0/],
])('%s stops the start', async (_what, throttling, message) => {
  const error = await thrownBy(() => start(throttling));
  expect([error.code, error.message]).toEqual(['option_invalid', expect.stringMatching(message)]);
});
