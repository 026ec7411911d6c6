'use strict';
module.exports = { report: (r) => JSON.stringify(r, null, 1) };
