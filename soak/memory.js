'use strict';

const { jsonLines } = require('./logs');
const { slopeWithin } = require('./statistics');

const MEGABYTE = 1024 * 1024;
/** A process that starts fills its caches: what it does in this time says nothing about what it keeps. */
const WARM_AFTER_SECONDS = 45;

/** What the app's processes held, each sample after a collection. */
function memoryOf(file) {
  const samples = jsonLines(file).filter(({ pid }) => pid !== undefined);
  const byProcess = groupedBy(samples, ({ pid }) => pid);
  const warm = [...byProcess.values()].map((list) =>
    list
      .filter(({ ageSeconds }) => ageSeconds >= WARM_AFTER_SECONDS)
      .map(({ ageSeconds, heapUsed }) => ({ x: ageSeconds / 60, y: heapUsed / MEGABYTE })),
  );
  const usable = warm.filter((points) => points.length >= 3);
  const heaps = samples.map(({ heapUsed }) => heapUsed / MEGABYTE);
  return {
    processes: byProcess.size,
    samples: samples.length,
    startMb: heaps[0],
    endMb: heaps.at(-1),
    highestMb: Math.max(...heaps),
    highestRssMb: Math.max(...samples.map(({ rss }) => rss / MEGABYTE)),
    warmMinutes: usable.reduce((sum, points) => sum + points.at(-1).x - points[0].x, 0),
    slopeMbPerMinute: slopeWithin(usable),
  };
}

function groupedBy(list, keyOf) {
  const groups = new Map();
  for (const one of list) {
    const key = keyOf(one);
    if (!groups.has(key)) groups.set(key, []);
    groups.get(key).push(one);
  }
  return groups;
}

module.exports = { memoryOf };
