'use strict';

const { createAuthorizer } = require('iis-baton/authorizer');

// Equal to authorizerResultTtlInSeconds of the gateway definition.
exports.handler = createAuthorizer({ cacheTtlSeconds: 300 });
