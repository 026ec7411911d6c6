'use strict';

const { setTimeout: delay } = require('node:timers/promises');
const { currentUser, withBaton } = require('iis-baton/function');

/** Lambda waits minutes before it tries an event again, the local one half a second: the rest is waited here. */
const ATTEMPTS = 12;
const WAIT_MS = 2000;

/** Says under which key it was done, and for whom: the run counts these lines. */
const done = withBaton(
  ({ id }, { awsRequestId }, { idempotencyKey, source }) => {
    const { subject } = currentUser();
    process.stdout.write(
      `${JSON.stringify({ soak: 'done', id, key: idempotencyKey, subject, source, awsRequestId })}\n`,
    );
  },
  { policy: process.env.SOAK_GATEWAY_POLICY },
);

exports.handler = async (event, context) => {
  for (let attempt = 1; ; attempt++) {
    try {
      return await done(event, context);
    } catch (error) {
      if (error.name !== 'baton.keys_unavailable' || attempt === ATTEMPTS) throw error;
      await delay(WAIT_MS);
    }
  }
};
