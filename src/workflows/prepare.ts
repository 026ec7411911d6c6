import { randomUUID } from 'node:crypto';
import { HAND_OVER_MARGIN_SECONDS, checkStillValid, requireCaller, type Caller } from '../context/caller';
import { decisionFields } from '../core/audited';
import { nowSeconds, type Clock } from '../core/clock';
import { BatonError } from '../core/errors';
import { unknownName } from '../core/options';
import { outgoingHeaders } from '../correlation/outgoing';
import type { Signer } from '../jws/sign';
import type { HandOverDocument, WorkflowDocument } from '../policy/document';
import type { Policy } from '../policy/policy';
import { refusalAdvice } from '../policy/refusal-advice';
import { workflowDeadlineSeconds } from '../policy/workflow-schema';
import { mintHandOverToken } from '../token/hand-over-token';
import { executionName } from './execution-name';
import { inputDigest, inputOf, inputText } from './input';

/** What a policy must say for workflows to be started by it. */
export interface WorkflowRules {
  readonly policy: Policy;
  readonly handOver: HandOverDocument;
}

/** @throws BatonError `policy_invalid`, `key_invalid` */
export function rulesOf(policy: Policy, signer: Signer): WorkflowRules {
  const { handOver } = policy;
  if (handOver === undefined) {
    const problems = [{ pointer: '/handOver', message: 'is missing' }];
    const message = 'The policy says nothing of hand-overs: createWorkflows() needs /handOver and /workflows.';
    throw new BatonError('policy_invalid', message, { problems });
  }
  if (!handOver.algorithms.includes(signer.algorithm)) {
    const message = `The hand-over key is for ${signer.algorithm}, which /handOver/algorithms does not name.`;
    throw new BatonError('key_invalid', message);
  }
  return { policy, handOver };
}

/** The workflow of this name. @throws BatonError `workflow_unknown` */
export function workflowNamed({ policy: { workflows } }: WorkflowRules, name: string): WorkflowDocument {
  const found = Object.hasOwn(workflows, name) ? workflows[name] : undefined;
  if (found !== undefined) return found;
  throw new BatonError('workflow_unknown', `The policy's workflow ${unknownName(name, Object.keys(workflows))}.`);
}

const KEY = /^[!-~]{1,128}$/;

/** @throws BatonError `work_invalid` */
function checkedKey(name: string, value: unknown): string {
  if (value === undefined) return randomUUID();
  if (typeof value === 'string' && KEY.test(value)) return value;
  const message = `Workflow "${name}": idempotencyKey must be 1 to 128 visible ASCII characters.`;
  throw new BatonError('work_invalid', message, { reason: 'idempotencyKey' });
}

/**
 * Decides on the permission, and leaves the decision in the audit trail.
 * @throws BatonError `permission_denied`
 */
function authorizeStart(policy: Policy, name: string, permission: string, execution: string, caller: Caller): void {
  const { record, user } = caller;
  const decision = (record.policy ?? policy).decidePermission(user, permission);
  record.audit.record({
    event: 'hand_over',
    workflow: name,
    execution,
    required: permission,
    ...decisionFields(decision, user),
  });
  if (decision.allowed) return;
  const { reason } = decision;
  const advice = refusalAdvice(policy, reason, permission, user);
  throw new BatonError('permission_denied', `The policy refuses the start of "${name}": ${reason}. ${advice}`, {
    reason,
  });
}

/** A start that is decided, minted and encoded: all but the sending. */
export interface PreparedStart {
  readonly workflow: string;
  readonly document: WorkflowDocument;
  readonly caller: Caller;
  /** The execution's name. */
  readonly name: string;
  readonly inputSha256: string;
  /** The input's text, with the caller in it. */
  readonly input: string;
  readonly traceHeader: string | undefined;
}

/** What is asked: which workflow, with which input, under which key. */
export interface StartRequest {
  readonly workflow: string;
  readonly document: WorkflowDocument;
  readonly input: unknown;
  readonly idempotencyKey: string | undefined;
}

/**
 * Decides, and mints the hand-over for that one execution: it is bound to the execution's name and to the input's digest.
 * @throws BatonError `identity_missing`, `token_invalid`, `permission_denied`, `work_invalid`, `payload_*`, `signer_unavailable`
 */
export async function prepareStart(
  { policy, handOver: { issuer } }: WorkflowRules,
  { workflow, document, input: asked, idempotencyKey }: StartRequest,
  { signer, clock }: { readonly signer: Signer; readonly clock: Clock },
): Promise<PreparedStart> {
  const caller = requireCaller(workflow);
  const now = nowSeconds(clock);
  checkStillValid(workflow, caller, now);
  const { record, user, transaction } = caller;
  const key = checkedKey(workflow, idempotencyKey);
  const name = executionName({ application: policy.application, workflow, user, idempotencyKey: key });
  authorizeStart(policy, workflow, document.permission, name, caller);
  const input = inputOf(workflow, asked);
  const inputSha256 = inputDigest(input);
  const terms = {
    issuer,
    audience: document.target,
    requestingWorkload: policy.application,
    expiresAt: now + workflowDeadlineSeconds(document) + HAND_OVER_MARGIN_SECONDS,
    work: { id: name, idempotencyKey: key, payloadSha256: inputSha256, leftAt: now },
  };
  const handOver = await mintHandOverToken(transaction, terms, signer, now);
  const { traceparent, 'X-Amzn-Trace-Id': traceHeader } = outgoingHeaders(record.context);
  const { correlationId } = record.context;
  const member = { subject: user.subject, correlationId, handOver, ...(traceparent !== undefined && { traceparent }) };
  return { workflow, document, caller, name, inputSha256, input: inputText(workflow, input, member), traceHeader };
}
