import { currentRecord } from '../context/storage';
import { callerFields } from '../core/audited';
import type { BatonError } from '../core/errors';
import type { AuditEvent, AuditSink } from '../core/logger';
import type { Exchange } from './exchange';
import { resourceOf, type Grant } from './grant';

/** The application that asks, for the audit trail. */
export interface AuditedClient {
  readonly tenant: string;
  readonly clientId: string;
}

/** Who asked, and for what; never with what. */
function eventOf(
  outcome: AuditEvent['outcome'],
  { tenant, clientId }: AuditedClient,
  { flow, scope }: Pick<Grant, 'flow' | 'scope'>,
  more: object,
): AuditEvent {
  const user = currentRecord()?.context.user;
  return {
    event: 'entra_token',
    outcome,
    flow,
    tenant,
    client: clientId,
    resource: resourceOf(scope),
    scopes: scope.split(' '),
    ...callerFields(user),
    ...more,
  };
}

const whyNot = ({ code, reason }: BatonError): object => ({ code, ...(reason !== undefined && { reason }) });

/** An exchange, whichever way it ended. */
export function auditExchange(
  sink: AuditSink,
  client: AuditedClient,
  grant: Grant,
  { result, attempts, requestId }: Exchange,
  now: number,
): void {
  const facts = { attempts, entraRequestId: requestId };
  if ('token' in result) {
    const { scopes, lifetimeSeconds } = result;
    const granted = { ...(scopes && { scopes }), expiresAt: now + lifetimeSeconds };
    sink.record(eventOf('allowed', client, grant, { ...granted, ...facts }));
    return;
  }
  const { error, aadsts, traceId } = result;
  const said = { ...(aadsts.length > 0 && { aadsts }), ...(traceId !== undefined && { entraTraceId: traceId }) };
  sink.record(eventOf('denied', client, grant, { ...whyNot(error), ...facts, ...said }));
}

/** A caller's token that Baton itself did not hand to Entra. */
export function auditRefusal(sink: AuditSink, client: AuditedClient, scope: string, error: BatonError): void {
  sink.record(eventOf('denied', client, { flow: 'on_behalf_of', scope }, whyNot(error)));
}
