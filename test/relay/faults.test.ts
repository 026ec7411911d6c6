import { GetQueueUrlCommand, SendMessageCommand } from '@aws-sdk/client-sqs';
import { readFileSync } from 'node:fs';
import { sqsClient } from '../local/sqs/support';
import { send } from '../support/http-client';
import { waitFor } from '../support/wait';
import { startTestRelay, type TestRelay } from './support/relay-host';

jest.setTimeout(40_000);

/** Prints what it is handed, and fails what is called bad the first time. */
const COLLECTOR = `
exports.handler = ({ Records }) => {
  for (const { body, attributes } of Records) console.log('got ' + body + ' ' + attributes.ApproximateReceiveCount);
  const failed = Records.filter(({ body, attributes }) => body === 'bad' && attributes.ApproximateReceiveCount === '1');
  return Promise.resolve({ batchItemFailures: failed.map(({ messageId }) => ({ itemIdentifier: messageId })) });
};`;

let relay: TestRelay;
beforeAll(async () => {
  relay = await startTestRelay((copy) => {
    copy.write('functions/collect.js', COLLECTOR);
    copy.edit('baton.dev.json', (config) => {
      config.functions.collect = 'functions/collect.js';
      config.faults = { seed: 5, sqs: [{ kind: 'throttle', operation: 'SendMessage', times: 1 }] };
      config.sqs = {
        queues: { work: { VisibilityTimeout: '30' } },
        eventSources: [{ queue: 'work', functionName: 'collect', reportBatchItemFailures: true }],
      };
    });
  });
});
afterAll(() => relay.stop());

const lines = async (name: string, pattern: RegExp): Promise<string[]> =>
  [...readFileSync(await relay.functionLog(name), 'utf8').matchAll(pattern)].map(([text]) => text);

it('feeds functions from queues; a fault of the configuration hits as often as it says', async () => {
  const client = sqsClient(relay.sqs!);
  try {
    const { QueueUrl } = await client.send(new GetQueueUrlCommand({ QueueName: 'work' }));
    const put = (MessageBody: string) => client.send(new SendMessageCommand({ QueueUrl, MessageBody }));
    await expect(put('lost')).rejects.toMatchObject({ name: 'RequestThrottled' });
    await put('good');
    await waitFor('the function', async () => (await lines('collect', /got \w+ \d/g)).includes('got good 1'));
    expect(await relay.faultCounts('sqs')).toMatchObject({ requests: 3, passed: 2, throttle: 1 });
  } finally {
    client.destroy();
  }
});

it('the app tells its caller what went wrong behind it, and works again when it is over', async () => {
  const token = await relay.signIn('carla');
  const render = () => send(`${relay.http}/invoices/7/render`, { method: 'POST', token });
  const outcome = async (): Promise<unknown[]> => {
    const { status, body } = await render();
    return [status, body.code];
  };
  await relay.setFaults('keys', [{ kind: 'error', status: 503 }]);
  expect(await outcome()).toEqual([503, 'keys_unavailable']);
  await relay.setFaults('keys', []);
  await waitFor('the keys', async () => (await render()).status === 200);
  const before = (await lines('render-invoice', /START RequestId/g)).length;

  await relay.setFaults('lambda', [{ kind: 'expired-token', times: 1 }]);
  expect((await outcome())[0]).toBeGreaterThanOrEqual(500);
  await relay.setFaults('lambda', [{ kind: 'reset', lost: 'answer', times: 1 }]);
  expect((await outcome())[0]).toBeGreaterThanOrEqual(500);
  expect(await relay.faultCounts('lambda')).toMatchObject({ 'expired-token': 1, reset: 1 });
  // It ran once although its answer was lost: nobody may have tried again.
  expect((await lines('render-invoice', /START RequestId/g)).length - before).toBe(1);
  expect((await outcome())[0]).toBe(200);
});
