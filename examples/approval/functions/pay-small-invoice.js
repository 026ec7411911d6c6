'use strict';

const { currentUser, withBaton } = require('iis-baton/function');

const LIMIT = 100;

/** Pays small amounts, which nobody has to approve. The limit is held here too: a state machine can be changed. */
exports.handler = withBaton(({ invoice, amount }, _lambdaContext, { execution }) => {
  if (amount > LIMIT) {
    const error = new Error(`${amount} needs an approval.`);
    error.name = 'NotSmall';
    throw error;
  }
  console.log(`Paid ${amount} for invoice ${invoice}, for ${currentUser().subject}.`);
  return { receipt: `R-${execution.slice(-8)}`, invoice, amount };
});
