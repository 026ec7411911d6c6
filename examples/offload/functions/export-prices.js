'use strict';

const { withBaton } = require('iis-baton/function');
const { PRICES } = require('./prices');

exports.handler = withBaton(async () => PRICES);
