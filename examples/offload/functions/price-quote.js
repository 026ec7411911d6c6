'use strict';

const { currentUser, withBaton } = require('iis-baton/function');
const { PRICES } = require('./prices');

exports.handler = withBaton(async ({ customer, items }) => {
  const unknown = items.find(({ article }) => !Object.hasOwn(PRICES, article));
  // Its message goes to the log of the app alone: the client reads that a service behind failed.
  if (unknown) throw new RangeError(`There is no article ${unknown.article}.`);
  const total = items.reduce((sum, { article, pieces }) => sum + PRICES[article] * pieces, 0);
  return { customer, total, quotedFor: currentUser().subject };
});
