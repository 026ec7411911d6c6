import type { ErrorCode } from '../core/error-codes';
import type { RequestContext } from '../core/request-context';
import { activeSpan } from './active-span';

/**
 * Says on the active span whose work it is, without naming anybody: OpenTelemetry marks `enduser.id` as personal, and
 * spans go to places that the app's own log does not.
 *
 * @param pseudonym a keyed hash of the subject, where the app was given a key for one
 * @see https://opentelemetry.io/docs/specs/semconv/registry/attributes/enduser/
 */
export function describeCaller({ correlationId, user }: RequestContext, pseudonym?: string): void {
  const span = activeSpan();
  if (span === undefined) return;
  span.setAttribute('baton.correlation_id', correlationId);
  if (user === undefined) return;
  const { provider } = user.authentication;
  span.setAttributes({
    'baton.transaction_id': user.transactionId,
    'baton.caller.kind': user.kind,
    'baton.caller.delegated': user.actor !== undefined,
    ...(provider !== undefined && { 'baton.caller.provider': provider }),
    ...(pseudonym !== undefined && { 'enduser.pseudo.id': pseudonym }),
  });
}

/** Says on the active span with which error the work was answered. */
export function describeError(code: ErrorCode): void {
  activeSpan()?.setAttribute('baton.error_code', code);
}
