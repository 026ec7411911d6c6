'use strict';

const { withBaton } = require('iis-baton/function');

/** Would tell the approvers. The state goes on when one of them decides in the app. */
exports.handler = withBaton(() => {}, { policy: process.env.SOAK_GATEWAY_POLICY });
