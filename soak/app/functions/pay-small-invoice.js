'use strict';

const { currentUser, withBaton } = require('iis-baton/function');

/** Pays what nobody has to approve. */
exports.handler = withBaton(
  ({ invoice }, _lambdaContext, { execution }) => {
    const { subject } = currentUser();
    process.stdout.write(`${JSON.stringify({ soak: 'paid', invoice, execution, subject })}\n`);
    return { receipt: execution };
  },
  { policy: process.env.SOAK_GATEWAY_POLICY },
);
