/** What of `TaskScheduled` says where its token is. */
export interface ScheduledTask {
  readonly resourceType?: string | undefined;
  readonly resource?: string | undefined;
  /** What the task sends, as JSON. */
  readonly parameters?: string | undefined;
}

/** The member that holds the token, under these of `Parameters`: what the service hands to whoever it calls. */
export const TOKEN_MEMBER = 'taskToken';
export const TOKEN_HOLDERS: Readonly<Record<string, string>> = {
  'lambda:invoke.waitForTaskToken': 'Payload',
  'sqs:sendMessage.waitForTaskToken': 'MessageBody',
};

function parsed(text: string | undefined): unknown {
  try {
    return JSON.parse(text ?? '') as unknown;
  } catch {
    return undefined;
  }
}

const member = (value: unknown, name: string): unknown =>
  typeof value === 'object' && value !== null && Object.hasOwn(value, name)
    ? (value as Record<string, unknown>)[name]
    : undefined;

/**
 * The token that a task waits with, out of what it sent: at one place and no other, since everything else that is sent may
 * be a caller's data, in which somebody could have put the token of another task.
 */
export function taskTokenOf({ resourceType = '', resource = '', parameters }: ScheduledTask): string | undefined {
  const holder = TOKEN_HOLDERS[`${resourceType}:${resource}`];
  if (holder === undefined) return undefined;
  const held = member(parsed(parameters), holder);
  // A body that the definition makes a text of is JSON all the same.
  const token = member(typeof held === 'string' ? parsed(held) : held, TOKEN_MEMBER);
  return typeof token === 'string' && token !== '' ? token : undefined;
}
