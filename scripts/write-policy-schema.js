'use strict';
const { writeFileSync } = require('node:fs');
const path = require('node:path');

const root = path.join(__dirname, '..');
const { policyJsonSchema } = require(path.join(root, 'dist', 'policy', 'schema.js'));

// Not part of the build: a test compares the committed file with the code, which a build that rewrites it would defeat.
writeFileSync(path.join(root, 'policy.schema.json'), `${JSON.stringify(policyJsonSchema(), null, 2)}\n`);
