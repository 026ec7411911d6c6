import { randomUUID } from 'node:crypto';
import type { WaitingWork } from '../../../../src/offload/outbox/work';
import { NOW } from '../../../support/tokens';

/** A piece of work as it goes to disk; nothing under its seal, for tests of the file alone. */
export function makeWork(changes: Partial<WaitingWork> = {}): WaitingWork {
  const id = randomUUID();
  return {
    id,
    function: 'render-invoice',
    caller: '["entra:7d3c"]',
    idempotencyKey: id,
    payloadSha256: 'sha',
    orderingKey: null,
    payload: '{"id":7}',
    seal: 'a.b.c',
    correlationId: 'c-4711',
    trace: null,
    leftAt: NOW * 1000,
    notBefore: 0,
    deadline: (NOW + 86_400) * 1000,
    ...changes,
  };
}
