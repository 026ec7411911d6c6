import type { Algorithm } from '../jws/algorithms';
import type { KeysDocument } from './keys-document';

/** The edge that signs the callers' identity: the gateway's authorizer. */
export interface EdgeDocument {
  readonly profile: 'txn-token';
  readonly issuer: string;
  readonly audience: string;
  readonly algorithms: readonly Algorithm[];
  readonly keys: KeysDocument;
  readonly clockToleranceSeconds?: number;
  readonly maxLifetimeSeconds?: number;
}
