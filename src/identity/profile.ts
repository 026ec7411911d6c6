import type { Algorithm } from '../jws/algorithms';
import type { Padding } from '../jws/compact';
import type { ClaimsDocument } from '../policy/document';
import type { SignedEdge } from '../policy/edge-document';
import type { KeyLocation } from '../keys/source';

/** What one edge of a profile must say, taken from the policy. */
export interface ProfileExpectations {
  readonly issuer: string;
  /** Where the assertion has an `aud`. */
  readonly audience?: string;
  /** Where the header pins who signed, checked before any key is looked for: keys of all customers are in one place. */
  readonly signer?: string;
  readonly client?: string;
  readonly keys: KeyLocation;
}

/** How a kind of edge signs: data for the one verifier. */
export interface Profile<E extends SignedEdge = SignedEdge> {
  readonly name: E['profile'];
  /** The header that carries the assertion. */
  readonly header: string;
  readonly algorithms: readonly Algorithm[];
  /** Accepted `typ`; `undefined` where the edge writes none. */
  readonly types: readonly (string | undefined)[];
  readonly padding: Padding;
  /** Where `iss` and `exp` are: in the payload with `aud` and `iat`, or in the JOSE header without them. */
  readonly claimsIn: 'payload' | 'header';
  /** Claims that must have this very value. */
  readonly fixed?: Readonly<Record<string, string>>;
  readonly clockToleranceSeconds: number;
  readonly maxLifetimeSeconds: number;
  /** Where the assertion says what, unless the policy says otherwise. */
  readonly claims: ClaimsDocument;
  /** Names an application, where the assertion has no subject. */
  readonly applicationClaim?: string;
  expect(edge: E): ProfileExpectations;
}
