'use strict';

const { currentUser, withBaton } = require('iis-baton/function');

/**
 * Tells the approvers that something waits for them; here, the log. The state goes on when somebody decides in the app. The
 * task's token is in the event for whoever answers AWS without the app: withBaton() keeps it from the handler.
 */
exports.handler = withBaton(({ invoice, amount }) => {
  console.log(`To the approvers: ${currentUser().name} asks to pay invoice ${invoice} over ${amount}.`);
});
