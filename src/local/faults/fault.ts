import type { Problem } from '../../core/errors';
import { listOf, objectOf, oneOf, step, text, wholeNumber, type Shape } from '../../policy/shape';
import { isRecord } from '../is-record';

/** Whose answers can be made to fail. */
export const FAULT_SERVICES = ['lambda', 'states', 'sqs', 'sts', 'entra', 'keys'] as const;
export type FaultService = (typeof FAULT_SERVICES)[number];

/**
 * What can go wrong: the service throttles; it fails (5xx); it never answers; the connection breaks; it says that the
 * credentials or the assertion have expired; its clock and the caller's differ.
 */
export const FAULT_KINDS = ['throttle', 'error', 'timeout', 'reset', 'expired-token', 'clock-skew'] as const;
export type FaultKind = (typeof FAULT_KINDS)[number];

/** One thing that goes wrong, and how often. */
export interface Fault {
  readonly kind: FaultKind;
  /** Share of the requests that it hits, above 0 and up to 1. Default 1. */
  readonly rate?: number;
  /** It hits so many requests at most. Default: no bound. */
  readonly times?: number;
  /** So many requests are left alone first. Default 0. */
  readonly after?: number;
  /** Only this operation: `Invoke`, `StartExecution`, `SendMessage`, `AssumeRoleWithWebIdentity`, a `grant_type`. Default: all. */
  readonly operation?: string;
  /** `error`: the status, 500, 502, 503 or 504. Default 500. */
  readonly status?: number;
  /**
   * `timeout` and `reset`: whether the service never got the request, or did what was asked and only its answer is lost.
   * Default `request`.
   */
  readonly lost?: 'request' | 'answer';
  /** `clock-skew`: how far the service's clock is ahead of the caller's, in seconds; behind it if negative. */
  readonly skewSeconds?: number;
}

const DAY_SECONDS = 86_400;

const rate: Shape = {
  schema: { type: 'number', exclusiveMinimum: 0, maximum: 1 },
  check(value, pointer, problems) {
    const isRate = typeof value === 'number' && value > 0 && value <= 1;
    if (!isRate) problems.push({ pointer, message: 'must be a number above 0 and up to 1' });
  },
};

const members = objectOf('What goes wrong.', {
  required: { kind: oneOf('What.', FAULT_KINDS) },
  optional: {
    rate,
    times: wholeNumber('Requests it hits at most.', 1, 1_000_000_000),
    after: wholeNumber('Requests left alone first.', 0, 1_000_000_000),
    operation: text('Only this operation.'),
    status: wholeNumber('Status of an error.', 500, 504),
    lost: oneOf('What is lost.', ['request', 'answer']),
    skewSeconds: wholeNumber('How far the clock is ahead.', -DAY_SECONDS, DAY_SECONDS),
  },
});

/** Which kinds a member belongs to. A member of another kind would change nothing, and nobody would notice. */
const BELONGS: Readonly<Record<string, readonly FaultKind[]>> = {
  status: ['error'],
  lost: ['timeout', 'reset'],
  skewSeconds: ['clock-skew'],
};

function checkTogether(
  fault: Record<string, unknown>,
  service: FaultService,
  pointer: string,
  problems: Problem[],
): void {
  const kind = fault.kind as FaultKind;
  for (const [member, kinds] of Object.entries(BELONGS)) {
    if (fault[member] === undefined || kinds.includes(kind)) continue;
    problems.push({ pointer: step(pointer, member), message: `belongs to ${kinds.join(' or ')}, not to ${kind}` });
  }
  if (kind === 'clock-skew' && fault.skewSeconds === undefined) {
    problems.push({ pointer: step(pointer, 'skewSeconds'), message: 'must say how far the clock is off' });
  }
  if (fault.status === 501)
    problems.push({ pointer: step(pointer, 'status'), message: 'must be 500, 502, 503 or 504' });
  if (kind === 'expired-token' && service === 'keys') {
    problems.push({
      pointer: step(pointer, 'kind'),
      message: 'cannot happen here: public keys are fetched without a token',
    });
  }
}

/** What a list of a service's faults looks like; for the configuration and for those who switch faults on. */
export function faultsShape(service: FaultService): Shape {
  const fault: Shape = {
    schema: members.schema,
    check(value, pointer, problems) {
      const before = problems.length;
      members.check(value, pointer, problems);
      if (problems.length === before && isRecord(value)) checkTogether(value, service, pointer, problems);
    },
  };
  return listOf(fault, 'What goes wrong; the first that hits a request counts.');
}
