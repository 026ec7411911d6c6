import { kindOf, objectOf, text, type Shape } from './shape';

/** Where the public keys of a signer are. */
export const keys: Shape = kindOf('Where the public keys are.', {
  jwksUri: objectOf('A JWK Set by URL.', {
    required: { jwksUri: text('URL of the JWK Set: https, or http on a loopback address.') },
  }),
  jwks: objectOf('A JWK Set in place.', {
    required: {
      jwks: {
        schema: { type: 'object', required: ['keys'], properties: { keys: { type: 'array', minItems: 1 } } },
        check(value, at, problems) {
          const list = (value as { keys?: unknown } | null)?.keys;
          if (!Array.isArray(list) || list.length === 0)
            problems.push({ pointer: at, message: 'must be a JWK Set (RFC 7517)' });
        },
      },
    },
  }),
});
