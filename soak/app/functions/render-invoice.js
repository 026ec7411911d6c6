'use strict';

const { renameSync, writeFileSync } = require('node:fs');
const { currentContext, currentUser, withBaton } = require('iis-baton/function');

const { SOAK_GATEWAY_POLICY, SOAK_STOLEN_FILE } = process.env;

const handler = withBaton(
  ({ id }) => {
    const { subject, actor } = currentUser();
    return { id, seen: { subject, actor: actor?.subject }, correlationId: currentContext().correlationId };
  },
  { policy: SOAK_GATEWAY_POLICY },
);

exports.handler = (event, context) => {
  if (event.soak === 'exit') process.exit(1);
  // What somebody gets who can read the function's events; the run tries it on other functions.
  writeFileSync(`${SOAK_STOLEN_FILE}.${process.pid}`, JSON.stringify(event));
  renameSync(`${SOAK_STOLEN_FILE}.${process.pid}`, SOAK_STOLEN_FILE);
  return handler(event, context);
};
