import type { Problem } from '../core/errors';
import type { FunctionDocument } from './document';
import { oneOf, step, text, wholeNumber } from './shape';

const DEFAULT_DEADLINE_SECONDS = 24 * 3600;
/** Longer than this no queue keeps a message (SQS quotas). */
const MAX_DEADLINE_SECONDS = 14 * 24 * 3600;

/** The members of a function that say how work is left behind for it. */
export const leftBehind = {
  delivery: oneOf('How work that is left behind gets there. Default "event": an asynchronous invocation.', [
    'event',
    'sqs',
  ]),
  queueUrl: text('URL of the SQS queue that the function reads, where delivery is "sqs".', {
    pattern: /^(https:\/\/|http:\/\/(127\.0\.0\.1|localhost)(:\d+)?\/)[^\s?#]*\/[A-Za-z0-9_-]{1,80}(\.fifo)?$/,
    hint: 'the https URL of an SQS queue',
  }),
  deadlineSeconds: wholeNumber(
    'How long after it was left behind such work may begin at most, in seconds. Default 86400.',
    1,
    MAX_DEADLINE_SECONDS,
  ),
};

/** How long work for this function may wait, in seconds. App and function must agree: it bounds the hand-over's lifetime. */
export function deadlineSecondsOf({ deadlineSeconds }: Pick<FunctionDocument, 'deadlineSeconds'>): number {
  return deadlineSeconds ?? DEFAULT_DEADLINE_SECONDS;
}

/** A queue that nobody sends to, or a delivery to a queue that nobody named, is a mistake. */
export function checkDelivery(functions: Readonly<Record<string, FunctionDocument>>, problems: Problem[]): void {
  for (const [name, { delivery, queueUrl }] of Object.entries(functions)) {
    const pointer = step('/functions', name);
    if (delivery === 'sqs' && queueUrl === undefined)
      problems.push({ pointer: step(pointer, 'queueUrl'), message: 'is missing: delivery is "sqs"' });
    if (delivery !== 'sqs' && queueUrl !== undefined)
      problems.push({ pointer: step(pointer, 'queueUrl'), message: 'is given, but delivery is not "sqs"' });
  }
}
