const SECRET_NAMES =
  /^(authorization|proxy-authorization|cookie|set-cookie|txn-token|x-amz-security-token|.*(secret|password|private_?key|access_?token|id_?token|refresh_?token|assertion))$/i;
const COMPACT_JOSE = /eyJ[A-Za-z0-9_-]{6,}(?:\.[A-Za-z0-9_=-]*){1,4}/g;
const BEARER = /\b(Bearer|Basic)\s+[A-Za-z0-9._~+/=-]{8,}/gi;
const REDACTED = '[redacted]';
const MAX_DEPTH = 8;

function redactText(text: string): string {
  // Two cheap look-ups spare nearly every string the regular expressions.
  const jose = text.includes('eyJ') ? text.replace(COMPACT_JOSE, REDACTED) : text;
  return /\b(?:bearer|basic) /i.test(jose) ? jose.replace(BEARER, `$1 ${REDACTED}`) : jose;
}

/** An error as fields, with its causes; the stack stays in the log and never reaches a caller. */
function errorFields(error: Error, depth: number): Record<string, unknown> {
  const { name, message, stack, cause } = error;
  const { code, reason, kind } = error as { code?: unknown; reason?: unknown; kind?: unknown };
  return redactValue(
    {
      name,
      message,
      ...(code !== undefined && { code }),
      ...(reason !== undefined && { reason }),
      ...(kind === undefined || kind === 'bug' ? { stack } : {}),
      ...(cause !== undefined && { cause }),
    },
    depth,
  ) as Record<string, unknown>;
}

function redactValue(value: unknown, depth: number): unknown {
  if (typeof value === 'string') return redactText(value);
  if (typeof value === 'bigint') return value.toString();
  if (typeof value !== 'object' || value === null) return value;
  if (depth >= MAX_DEPTH) return '[too deep]';
  if (value instanceof Error) return errorFields(value, depth + 1);
  if (Array.isArray(value)) return value.map((item) => redactValue(item, depth + 1));
  if (value instanceof Date || ArrayBuffer.isView(value)) return value instanceof Date ? value : '[binary]';
  return Object.fromEntries(
    Object.entries(value).map(([name, item]) => [
      name,
      SECRET_NAMES.test(name) ? REDACTED : redactValue(item, depth + 1),
    ]),
  );
}

/**
 * Log fields without secrets: members that are named like credentials, and anything that has the form of a JOSE token or
 * an Authorization value, wherever it stands. Transaction Tokens must never be logged
 * (draft-ietf-oauth-transaction-tokens-10, security considerations).
 */
export function redact(fields: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return redactValue(fields, 0) as Record<string, unknown>;
}
