'use strict';

const { withBaton } = require('iis-baton/function');
const invoices = require('../invoices.json');

/** Holds what the workflow was started with against the books: from here on nobody asks the client's word. */
exports.handler = withBaton(({ invoice, amount }) => {
  const found = invoices.find(({ id }) => id === invoice);
  if (found === undefined || found.amount !== amount) {
    const error = new Error(`Invoice ${invoice} is not in the books with this amount.`);
    error.name = 'InvoiceInvalid';
    throw error;
  }
  return { supplier: found.supplier, costCentre: found.costCentre };
});
