import { algorithms, clockToleranceSeconds, issuer, maxLifetimeSeconds } from './common-schema';
import { keys } from './keys-schema';
import { objectOf, oneOf, text, type Shape } from './shape';

/** The edge that signs who the caller is. */
export const edge: Shape = objectOf('The edge that signs who the caller is.', {
  required: {
    profile: oneOf('How the edge signs.', ['txn-token']),
    issuer,
    audience: text('The trust domain (aud) that tokens are for.'),
    algorithms,
    keys,
  },
  optional: { clockToleranceSeconds, maxLifetimeSeconds },
});
