'use strict';

/** Prices by article, in cents. */
exports.PRICES = Object.freeze({ widget: 1250, gadget: 990 });
