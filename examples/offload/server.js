'use strict';

const express = require('express');
const { baton, problemHandler } = require('iis-baton');
const { listen } = require('iis-baton/iis');
const { createOffload, offloadHandler } = require('iis-baton/offload');

const app = express();
app.disable('x-powered-by');
app.use(baton());
app.use(express.json());

const offload = createOffload();

/** What the function is sent. What does not look like it is answered with 400 and never leaves this server. */
const quote = {
  type: 'object',
  properties: {
    customer: { type: 'string', pattern: '^[0-9]{1,10}$' },
    items: {
      type: 'array',
      minItems: 1,
      maxItems: 100,
      items: {
        type: 'object',
        properties: { article: { type: 'string' }, pieces: { type: 'integer', minimum: 1 } },
        required: ['article', 'pieces'],
        additionalProperties: false,
      },
    },
  },
  required: ['customer', 'items'],
  additionalProperties: false,
};

// Heavy work, waited for: the answer is the function's, or says what was wrong.
app.post(
  '/customers/:customer/quotes',
  offloadHandler(offload, 'price-quote', ({ params, body }) => ({ customer: params.customer, items: body?.items }), {
    input: quote,
  }),
);

// An answer that comes in pieces goes on to the client in pieces.
app.get(
  '/price-list',
  offloadHandler(offload, 'export-prices', () => ({}), { stream: { contentType: 'application/json' } }),
);

app.use(problemHandler());

listen(app);
