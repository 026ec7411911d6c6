'use strict';

const { createAuthorizer } = require('iis-baton/authorizer');

// One authorizer of the same key for this application and one for another: what the second signs is right in everything but
// its audience. Gateways never send `soak`; the run itself calls with it, for tokens to attack with and for cold starts.

const { SOAK_GATEWAY_POLICY, SOAK_OTHER_POLICY } = process.env;
const cacheTtlSeconds = 10;
const own = createAuthorizer({ policy: SOAK_GATEWAY_POLICY, cacheTtlSeconds });
const other = createAuthorizer({ policy: SOAK_OTHER_POLICY, cacheTtlSeconds });

exports.handler = (event) => {
  if (event.soak === 'exit') process.exit(1);
  return event.soak === 'other-audience' ? other(event) : own(event);
};
