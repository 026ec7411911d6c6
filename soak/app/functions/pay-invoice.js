'use strict';

const { currentUser, withBaton } = require('iis-baton/function');

/** Pays; the line says who asked and who approved. */
exports.handler = withBaton(
  ({ invoice }, _lambdaContext, { approval, execution }) => {
    const { subject } = currentUser();
    process.stdout.write(
      `${JSON.stringify({ soak: 'paid', invoice, execution, subject, approver: approval?.subject })}\n`,
    );
    return { receipt: execution };
  },
  { policy: process.env.SOAK_GATEWAY_POLICY },
);
