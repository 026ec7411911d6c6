import type { AwsCredentials, CredentialsTarget } from '../../core/credentials';
import type { FunctionDocument } from '../../policy/document';

/** One piece of work on its way, in plain terms. */
export interface Shipment {
  /** The function's name in the policy. */
  readonly name: string;
  readonly document: FunctionDocument;
  /** The envelope, as JSON. */
  readonly body: string;
  /** Unlike any other's. */
  readonly workId: string;
  readonly orderingKey: string | undefined;
  /** `X-Amzn-Trace-Id`, where the work belongs to a trace. */
  readonly traceHeader: string | undefined;
  /** Undefined where the SDK shall look for credentials itself. */
  readonly credentials: AwsCredentials | undefined;
  readonly signal: AbortSignal;
}

/** A way on which work gets to its function; ends when AWS has taken it over. */
export interface Carrier {
  /** What credentials are needed for. */
  targetOf(name: string, document: FunctionDocument): CredentialsTarget;
  /** @throws BatonError `function_*`, `payload_too_large`, `payload_invalid`, `peer_missing` */
  ship(shipment: Shipment): Promise<void>;
}

/** The way to each function, as the policy chooses it. */
export type Carriers = Readonly<Record<'event' | 'sqs', Carrier>>;

/** The carrier of a function. */
export function carrierOf(carriers: Carriers, { delivery = 'event' }: FunctionDocument): Carrier {
  return carriers[delivery];
}
