import { isRecord } from '../is-record';
import { SqsError } from './sqs-error';

/** What a queue is set to. */
export interface QueueSettings {
  readonly isFifo: boolean;
  readonly contentBasedDeduplication: boolean;
  readonly visibilityTimeoutSeconds: number;
  readonly delaySeconds: number;
  readonly retentionSeconds: number;
  readonly maxMessageBytes: number;
  readonly receiveWaitSeconds: number;
  /** After so many receives a message goes to the other queue. */
  readonly redrive: { readonly deadLetterTargetArn: string; readonly maxReceiveCount: number } | undefined;
}

type NumberSetting = keyof {
  [K in keyof QueueSettings as QueueSettings[K] extends number ? K : never]: true;
};

/** Name in the API, name here, bounds and default. Source: Amazon SQS API reference, `SetQueueAttributes`. */
const NUMBERS: readonly (readonly [string, NumberSetting, number, number, number])[] = [
  ['VisibilityTimeout', 'visibilityTimeoutSeconds', 0, 43_200, 30],
  ['DelaySeconds', 'delaySeconds', 0, 900, 0],
  ['MessageRetentionPeriod', 'retentionSeconds', 60, 1_209_600, 345_600],
  ['MaximumMessageSize', 'maxMessageBytes', 1024, 1_048_576, 1_048_576],
  ['ReceiveMessageWaitTimeSeconds', 'receiveWaitSeconds', 0, 20, 0],
];

const BOOLEANS = [
  ['FifoQueue', 'isFifo'],
  ['ContentBasedDeduplication', 'contentBasedDeduplication'],
] as const;

const invalidValue = (name: string): SqsError =>
  new SqsError('InvalidAttributeValue', `Invalid value for the parameter ${name}.`);

/** What a queue is where nothing is said. */
export const DEFAULT_SETTINGS: QueueSettings = {
  isFifo: false,
  contentBasedDeduplication: false,
  redrive: undefined,
  ...(Object.fromEntries(NUMBERS.map(([, name, , , fallback]) => [name, fallback])) as Record<NumberSetting, number>),
};

/**
 * Attributes as `CreateQueue` and `SetQueueAttributes` take them, over what there was.
 * @throws SqsError `InvalidAttributeName`, `InvalidAttributeValue`
 */
export function readSettings(given: unknown, before: QueueSettings): QueueSettings {
  if (given === undefined || given === null) return before;
  if (!isRecord(given)) throw invalidValue('Attributes');
  let settings = before;
  for (const [name, value] of Object.entries(given)) settings = { ...settings, ...readSetting(name, value) };
  return settings;
}

function readSetting(name: string, value: unknown): Partial<QueueSettings> {
  const known = NUMBERS.find(([apiName]) => apiName === name);
  if (known !== undefined) {
    const [, key, min, max] = known;
    const isWhole = typeof value === 'string' && /^\d{1,8}$/.test(value);
    if (!isWhole || Number(value) < min || Number(value) > max) throw invalidValue(name);
    return { [key]: Number(value) };
  }
  const flag = BOOLEANS.find(([apiName]) => apiName === name);
  if (flag !== undefined) {
    if (value !== 'true' && value !== 'false') throw invalidValue(name);
    return { [flag[1]]: value === 'true' };
  }
  if (name === 'RedrivePolicy') return { redrive: readRedrive(value) };
  throw new SqsError('InvalidAttributeName', `Unknown Attribute ${name}.`);
}

function readRedrive(value: unknown): QueueSettings['redrive'] {
  if (value === '') return undefined;
  let document: unknown;
  try {
    document = JSON.parse(String(value));
  } catch {
    throw invalidValue('RedrivePolicy');
  }
  const { deadLetterTargetArn, maxReceiveCount } = isRecord(document) ? document : {};
  const count = Number(maxReceiveCount);
  if (typeof deadLetterTargetArn !== 'string' || !Number.isInteger(count) || count < 1 || count > 1000) {
    throw invalidValue('RedrivePolicy');
  }
  return { deadLetterTargetArn, maxReceiveCount: count };
}

/** The same as `GetQueueAttributes` gives it. */
export function describeSettings(settings: QueueSettings): Record<string, string> {
  const numbers = NUMBERS.map(([apiName, key]) => [apiName, String(settings[key])] as const);
  return {
    ...Object.fromEntries(numbers),
    ...(settings.isFifo && {
      FifoQueue: 'true',
      ContentBasedDeduplication: String(settings.contentBasedDeduplication),
    }),
    ...(settings.redrive && { RedrivePolicy: JSON.stringify(settings.redrive) }),
  };
}
