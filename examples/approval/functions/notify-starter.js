'use strict';

const { currentUser, withBaton } = require('iis-baton/function');

/** Tells whoever started it; here, the log. */
exports.handler = withBaton(({ invoice, receipt }) => {
  console.log(`To ${currentUser().name}: invoice ${invoice} is paid, receipt ${receipt}.`);
});
