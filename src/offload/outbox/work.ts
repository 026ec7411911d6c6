/** What is on disk of a piece of work that waits. */
export interface WaitingWork {
  readonly id: string;
  /** The function's name in the policy. */
  readonly function: string;
  /** Who left it: a key is one caller's own. */
  readonly caller: string;
  readonly idempotencyKey: string;
  readonly payloadSha256: string;
  readonly orderingKey: string | null;
  /** As JSON. */
  readonly payload: string;
  /** The caller's verified identity and all of the above, signed. */
  readonly seal: string;
  readonly correlationId: string;
  /** The request's trace as JSON, where it belonged to one. */
  readonly trace: string | null;
  /** Milliseconds since the epoch, as all times here. */
  readonly leftAt: number;
  /** 0 where it may be delivered at once. */
  readonly notBefore: number;
  readonly deadline: number;
}

/** A piece of work that one process has taken to deliver it. */
export interface LeasedWork extends WaitingWork {
  /** How often it was tried before. */
  readonly attempts: number;
}

/** What becomes of work. */
export type WorkState = 'waiting' | 'dead' | 'delivered';

/** What is shown of a piece of work: nothing of its payload, and nothing of its caller. */
export interface ListedWork {
  readonly id: string;
  readonly state: WorkState;
  readonly function: string;
  readonly idempotencyKey: string;
  readonly orderingKey?: string;
  readonly correlationId: string;
  readonly leftAt: string;
  readonly deadline: string;
  readonly notBefore?: string;
  readonly attempts: number;
  /** When it is tried next, where it waits. */
  readonly nextAttemptAt?: string;
  /** The code of the last failure, where there was one. */
  readonly code?: string;
  readonly bytes: number;
}

/** How much the outbox holds at most. */
export interface OutboxLimits {
  readonly maxPieces: number;
  readonly maxBytes: number;
}
