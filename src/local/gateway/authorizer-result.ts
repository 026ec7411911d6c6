import type { GatewayKind } from './definition';
import { readPolicy, type PolicyStatement } from './iam-policy';
import { isRecord } from '../is-record';

/** What an authorizer answered, read and checked: the form in which a gateway keeps it. */
export interface AuthorizerResult {
  /** A policy to be evaluated for each request, or the plain answer of a simple response. */
  readonly decision: readonly PolicyStatement[] | boolean;
  /** The function's `context` as text, and its `principalId`. */
  readonly context: Readonly<Record<string, string>>;
}

/**
 * Reads an authorizer's answer.
 *
 * @param simple HTTP API with `enableSimpleResponses`: `{isAuthorized, context}` is expected, a policy is not taken
 * @returns the result, or a sentence that says what is wrong with it
 */
export function readAuthorizerResult(kind: GatewayKind, simple: boolean, answer: unknown): AuthorizerResult | string {
  if (!isRecord(answer)) return 'the answer is no object';
  const context = readContext(kind, answer['context']);
  if (typeof context === 'string') return context;
  if (simple) {
    const { isAuthorized } = answer;
    return typeof isAuthorized === 'boolean' ? { decision: isAuthorized, context } : 'isAuthorized is no boolean';
  }
  const { principalId } = answer;
  if (typeof principalId !== 'string' || principalId === '') return 'principalId is no text';
  const decision = readPolicy(answer['policyDocument']);
  return typeof decision === 'string' ? decision : { decision, context: { ...context, principalId } };
}

/**
 * REST takes only text, numbers and booleans and fails on anything else; HTTP APIs take objects too. Whoever reads a
 * value gets text.
 */
function readContext(kind: GatewayKind, context: unknown): Record<string, string> | string {
  if (context === undefined || context === null) return {};
  if (!isRecord(context)) return 'context is no object';
  const texts: Record<string, string> = {};
  for (const [key, value] of Object.entries(context)) {
    if (value === null) continue;
    if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean') {
      texts[key] = String(value);
    } else if (kind === 'rest') {
      return `context.${key} is neither text nor number nor boolean`;
    } else {
      texts[key] = JSON.stringify(value);
    }
  }
  return texts;
}
