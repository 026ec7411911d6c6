import { deadlineSecondsOf } from '../../src/policy/left-behind';
import { fullPolicy, makePolicy, policyDocument, problemsOf } from '../support/policies';

const functionsWith = (changes: object): object => ({
  functions: { 'render-invoice': { ...fullPolicy.functions['render-invoice'], ...changes } },
});
const queueUrl = 'https://sqs.eu-west-1.amazonaws.com/123456789012/render-invoice';

it.each([
  [{}],
  [{ delivery: 'event' }],
  [{ delivery: 'sqs', queueUrl }],
  [{ delivery: 'sqs', queueUrl: `${queueUrl}.fifo`, deadlineSeconds: 1_209_600 }],
  [{ delivery: 'sqs', queueUrl: 'http://127.0.0.1:9324/000000000000/q' }],
])('takes how work is left behind: %p', (changes) => {
  expect(problemsOf(policyDocument({ ...functionsWith(changes) }))).toEqual([]);
});

it.each([
  [{ delivery: 'sns' }, 'delivery'],
  [{ delivery: 'sqs' }, 'queueUrl'],
  [{ queueUrl }, 'queueUrl'],
  [{ delivery: 'event', queueUrl }, 'queueUrl'],
  [{ delivery: 'sqs', queueUrl: 'http://sqs.eu-west-1.amazonaws.com/123456789012/q' }, 'queueUrl'],
  [{ delivery: 'sqs', queueUrl: `${queueUrl}?x=1` }, 'queueUrl'],
  [{ delivery: 'sqs', queueUrl: 'render-invoice' }, 'queueUrl'],
  [{ deadlineSeconds: 0 }, 'deadlineSeconds'],
  [{ deadlineSeconds: 1_209_601 }, 'deadlineSeconds'],
])('refuses %p', (changes, member) => {
  const pointers = problemsOf(policyDocument({ ...functionsWith(changes) })).map(({ pointer }) => pointer);
  expect(pointers).toEqual([`/functions/render-invoice/${member}`]);
});

it('lets work wait a day where it says nothing', () => {
  const { functions } = makePolicy(functionsWith({ deadlineSeconds: 600 }) as Record<string, unknown>);
  expect([deadlineSecondsOf({}), deadlineSecondsOf(functions['render-invoice']!)]).toEqual([86_400, 600]);
});
