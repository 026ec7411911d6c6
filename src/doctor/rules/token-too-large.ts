import { DEFAULT_MAX_TOKEN_BYTES } from '../../jws/compact';
import type { Rule } from '../rule';
import { atPointer } from '../located';
import { largestTokenBytes } from '../token-bytes';

/** What API Gateway passes on of a request's headers, all together, in bytes. Not raisable. */
const GATEWAY_BYTES = 10_240;

const inWords = (bytes: number): string => bytes.toLocaleString('en');

export const tokenTooLarge: Rule = {
  code: 'token-too-large',
  severity: 'warning',
  title: 'The token of a caller with many roles is too large for the way to the app',
  check({ policy }) {
    if (policy?.document === undefined) return [];
    const bytes = largestTokenBytes(policy.document);
    if (bytes <= DEFAULT_MAX_TOKEN_BYTES) return [];
    return [
      {
        place: atPointer(policy.data, '/roles').place,
        message: `The Transaction Token of a caller with all ${Object.keys(policy.document.roles).length} roles comes to some ${inWords(bytes)} bytes. The authorizer and the app take ${inWords(DEFAULT_MAX_TOKEN_BYTES)}, and API Gateway passes ${inWords(GATEWAY_BYTES)} for all headers together: such a caller is refused, and only such a caller.`,
        fix: 'Fewer roles, or shorter names for them: let "inherits" and "permissions" say the rest.',
      },
    ];
  },
};
