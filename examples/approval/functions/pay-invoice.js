'use strict';

const { currentUser, withBaton } = require('iis-baton/function');

/**
 * Pays what somebody approved. Who that was has been verified: the policy's step says "approvedBy", so without the approver's
 * proof this is not reached. The receipt is of the execution: a task that comes twice pays once.
 */
exports.handler = withBaton(({ invoice, amount }, _lambdaContext, { approval, execution }) => {
  console.log(`Paid ${amount} for invoice ${invoice}, for ${currentUser().subject}, approved by ${approval.subject}.`);
  return { receipt: `R-${execution.slice(-8)}`, invoice, amount };
});
