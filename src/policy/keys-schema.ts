import { kindOf, objectOf, text, type Shape } from './shape';

/** Where the public keys of a signer are. */
export const keys: Shape = kindOf('Where the public keys are.', {
  jwksUri: objectOf('A JWK Set by URL.', {
    required: { jwksUri: text('URL of the JWK Set: https, or http on a loopback address.') },
  }),
  file: objectOf('A JWK Set in a file.', {
    required: { file: text('Path of the file, absolute or from the working directory. It is watched.') },
  }),
  secretId: objectOf('A JWK Set in AWS Secrets Manager.', {
    required: { secretId: text("The secret's name or ARN; its text is the JWK Set.") },
  }),
  pemUrl: objectOf('Keys one by one, as PEM, below a URL and their ID (AWS ALB, AWS Verified Access).', {
    required: { pemUrl: text('URL to which the ID of the key is appended: https, or http on a loopback address.') },
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
