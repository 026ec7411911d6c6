'use strict';
const { createRandom, hex32, letters, uuid } = require('./random');

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const START_MS = Date.UTC(2026, 2, 2);
const DAYS = 3;
const END_MS = START_MS + DAYS * DAY_MS;
const at = (day, hour) => START_MS + (day - 1) * DAY_MS + hour * HOUR_MS;

/** What changes while the logs are written. */
const EVENTS = {
  /** Nothing goes wrong in the first and the last hour: what an analysis cuts off at the edges changes no count. */
  calmUntil: at(1, 1),
  calmFrom: at(DAYS, 23),
  /** Until then web-4 logs without the fields of the correlation ID, into a file without `_x`. */
  customFieldsFrom: at(1, 0.5),
  /** From then on web-3 logs four fields more, in the middle of a file. */
  moreFieldsFrom: at(2, 12),
  /** web-3 is slow before the app is reached. */
  slowFrom: at(2, 14),
  slowUntil: at(2, 16),
  /** web-1 and the authorizer get another policy; web-2 is forgotten. */
  otherPolicyFrom: at(2, 10),
  /** The clock of web-2 is behind: tokens are not valid yet. */
  clockBehindFrom: at(3, 8),
  clockBehindUntil: at(3, 9),
  /** The stage of the HTTP API gets Baton's format in place of a shorter one. */
  otherFormatFrom: at(3, 0),
};

const SERVERS = [
  { name: 'web-1', ip: '10.0.1.11' },
  { name: 'web-2', ip: '10.0.1.12' },
  { name: 'web-3', ip: '10.0.1.13' },
  { name: 'web-4', ip: '10.0.1.14' },
];
/** The servers whose app logs are there. */
const LOGGED = 2;

const RESOURCES = [
  'invoices',
  'customers',
  'orders',
  'products',
  'prices',
  'carriers',
  'claims',
  'plants',
  'lots',
  'bins',
];

/** Method, template, and how often, of all requests. */
function makeRoutes() {
  const routes = [
    { method: 'GET', template: '/health', weight: 0.015, medianMs: 1, isPublic: true },
    { method: 'POST', template: '/invoices/{id}/render', weight: 0.02, medianMs: 12, function: 'render-invoice' },
    { method: 'POST', template: '/invoices/{id}/approval', weight: 0.01, medianMs: 25, workflow: 'approve-invoice' },
  ];
  const rest = 1 - routes.reduce((sum, { weight }) => sum + weight, 0);
  const all = RESOURCES.reduce((sum, _, index) => sum + 1 / (index + 1), 0);
  RESOURCES.forEach((name, index) => {
    const share = rest / (index + 1) / all;
    const medianMs = 6 + 3 * index;
    routes.push(
      { method: 'GET', template: `/${name}/{id}`, weight: share * 0.6, medianMs },
      { method: 'GET', template: `/${name}`, weight: share * 0.2, medianMs: medianMs * 3 },
      { method: 'PUT', template: `/${name}/{id}`, weight: share * 0.12, medianMs: medianMs * 2 },
      { method: 'POST', template: `/${name}/{id}/approve`, weight: share * 0.08, medianMs: medianMs * 2 },
    );
  });
  return routes.map((route, index) => ({ ...route, index, key: `${route.method} ${route.template}` }));
}

/** A table to draw from: each index as often as its weight says. */
function drawTable(weights) {
  const table = new Uint8Array(65_536);
  let from = 0;
  let sum = 0;
  weights.forEach((weight, index) => {
    sum += weight;
    const to = index === weights.length - 1 ? table.length : Math.round(sum * table.length);
    table.fill(index, from, to);
    from = to;
  });
  return table;
}

function makeUsers(count) {
  const random = createRandom(7);
  return Array.from({ length: count }, (_, index) => ({
    subject: `entra:${uuid(index, random)}`,
    hash: letters(random.uint32(), 5) + hex32(random) + letters(random.uint32(), 5) + 'w',
    transactionId: uuid(index + count, random),
  }));
}

/** How busy an hour of the day is: nights are quiet. */
const busyness = (hour) => 0.15 + Math.sin((Math.PI * ((hour + 18) % 24)) / 24) ** 2;

/** The share of all requests that came before each step of ten minutes. */
function cumulativeTraffic() {
  const stepMs = 600_000;
  const cumulative = [0];
  for (let time = START_MS; time < END_MS; time += stepMs) {
    cumulative.push(cumulative.at(-1) + busyness(((time - START_MS) / HOUR_MS) % 24));
  }
  const total = cumulative.at(-1);
  return { stepMs, cumulative: cumulative.map((sum) => sum / total) };
}

/** The share of all requests that came before a time. */
function shareBefore({ stepMs, cumulative }, timeMs) {
  const place = (timeMs - START_MS) / stepMs;
  const step = Math.floor(place);
  if (step >= cumulative.length - 1) return 1;
  return cumulative[step] + (cumulative[step + 1] - cumulative[step]) * (place - step);
}

/** Gives the time of each request in turn: asked with rising shares between 0 and 1. */
function timeline({ stepMs, cumulative }) {
  let step = 0;
  return (share) => {
    while (step < cumulative.length - 2 && cumulative[step + 1] <= share) step++;
    const part = (share - cumulative[step]) / (cumulative[step + 1] - cumulative[step]);
    return Math.floor(START_MS + (step + part) * stepMs);
  };
}

module.exports = {
  DAY_MS,
  DAYS,
  END_MS,
  EVENTS,
  HOUR_MS,
  LOGGED,
  SERVERS,
  START_MS,
  cumulativeTraffic,
  drawTable,
  makeRoutes,
  makeUsers,
  shareBefore,
  timeline,
};
