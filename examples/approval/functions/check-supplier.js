'use strict';

const { withBaton } = require('iis-baton/function');

const SUPPLIERS = ['Contoso', 'Fabrikam'];

exports.handler = withBaton(({ supplier }) => {
  if (!SUPPLIERS.includes(supplier)) {
    const error = new Error(`${supplier} is no supplier of ours.`);
    error.name = 'SupplierUnknown';
    throw error;
  }
  return { supplier, known: true };
});
