'use strict';

const { createAuthorizer } = require('iis-baton/authorizer');

// Equal to authorizerResultTtlInSeconds of the gateway definitions.
exports.handler = createAuthorizer({ cacheTtlSeconds: 300 });
