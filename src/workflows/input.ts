import { BatonError } from '../core/errors';
import { definedMembers } from '../core/objects';
import { canonicalDigest, canonicalJson } from '../token/canonical-json';

/**
 * Who an execution is for, as it stands in its input: states hand it on as `$$.Execution.Input.caller`. The input can be
 * read in the history, so there is nothing in it but IDs and a hand-over that is good for this one execution.
 */
export interface WorkflowCaller {
  /** For states and people that look at the input; whoever decides, verifies the hand-over. */
  readonly subject: string;
  readonly correlationId: string;
  /** `traceparent` (W3C Trace Context), where the request belongs to a trace. */
  readonly traceparent?: string;
  readonly handOver: string;
}

/** An execution's input without its caller. */
export type WorkflowInput = Readonly<Record<string, unknown>>;

/** Step Functions' limit on the input of an execution (Step Functions quotas). */
const MAX_INPUT_BYTES = 262_144;

/**
 * What was asked, as JSON data.
 * @throws BatonError `payload_invalid` for what JSON has no word for, `work_invalid` for what is no object or names a caller
 */
export function inputOf(workflow: string, asked: unknown): WorkflowInput {
  let data: unknown;
  try {
    data = JSON.parse(JSON.stringify(asked) ?? 'null');
    canonicalJson(data);
  } catch (cause) {
    throw new BatonError('payload_invalid', `The input of "${workflow}" cannot be written as JSON.`, { cause });
  }
  if (typeof data !== 'object' || data === null || Array.isArray(data)) {
    throw new BatonError('work_invalid', `The input of "${workflow}" must be an object.`, { reason: 'input' });
  }
  if (Object.hasOwn(data, 'caller')) {
    const message = `The input of "${workflow}" must not have a member "caller": that is where the verified caller goes.`;
    throw new BatonError('work_invalid', message, { reason: 'caller' });
  }
  return data as WorkflowInput;
}

/** The digest that a hand-over is bound to. */
export const inputDigest = (input: WorkflowInput): string => canonicalDigest(input);

/**
 * The text of an execution's input: what was asked, and its caller.
 * @throws BatonError `payload_too_large`
 */
export function inputText(workflow: string, input: WorkflowInput, caller: WorkflowCaller): string {
  const text = canonicalJson({ ...input, caller: definedMembers<WorkflowCaller>(caller) });
  const bytes = Buffer.byteLength(text);
  if (bytes <= MAX_INPUT_BYTES) return text;
  throw new BatonError(
    'payload_too_large',
    `The input of "${workflow}" has ${bytes} bytes with its caller; Step Functions takes ${MAX_INPUT_BYTES}.`,
  );
}

/** The digest of an execution's input as AWS gives it back, its caller taken off; undefined where it is none of ours. */
export function digestOfText(text: string | undefined): string | undefined {
  try {
    const { caller, ...input } = JSON.parse(text ?? '') as Record<string, unknown>;
    return caller === undefined ? undefined : inputDigest(input);
  } catch {
    return undefined;
  }
}
