'use strict';

const { currentUser, withBaton } = require('iis-baton/function');

/** The same from a queue, which brings back what failed. */
exports.handler = withBaton(
  ({ id }, { awsRequestId }, { idempotencyKey, source }) => {
    const { subject } = currentUser();
    process.stdout.write(
      `${JSON.stringify({ soak: 'done', id, key: idempotencyKey, subject, source, awsRequestId })}\n`,
    );
  },
  { policy: process.env.SOAK_GATEWAY_POLICY },
);
