'use strict';

const { withBaton } = require('iis-baton/function');

const BUDGETS = { sales: 5000, plant: 20_000 };

exports.handler = withBaton(({ costCentre, amount, attempt }) => {
  // The plant's budgets are kept by a service that has to be woken: its first answer is always that it is busy.
  if (costCentre === 'plant' && attempt === 0) {
    const error = new Error('The budget service is busy.');
    error.name = 'BudgetServiceBusy';
    throw error;
  }
  if (amount > (BUDGETS[costCentre] ?? 0)) {
    const error = new Error(`${costCentre} has no budget of ${amount}.`);
    error.name = 'OverBudget';
    throw error;
  }
  return { costCentre, left: BUDGETS[costCentre] - amount };
});
