'use strict';

const { withBaton } = require('iis-baton/function');

/** Holds the amount against the books: even numbers are small. */
exports.handler = withBaton(
  ({ invoice, amount }) => {
    if (amount !== (Number(invoice) % 2 === 0 ? 50 : 5000))
      throw new Error(`Invoice ${invoice} is not over ${amount}.`);
    return { invoice };
  },
  { policy: process.env.SOAK_GATEWAY_POLICY },
);
