'use strict';

/** The smallest value below which this share of a sorted list lies; undefined of nothing. */
const percentile = (sorted, share) => sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)];

/**
 * How much y rises with x, by least squares, where each group has a level of its own: a process that starts anew begins
 * from the bottom again.
 */
function slopeWithin(groups) {
  let [xy, xx] = [0, 0];
  for (const points of groups) {
    const mean = (name) => points.reduce((sum, point) => sum + point[name], 0) / points.length;
    const [x, y] = [mean('x'), mean('y')];
    for (const point of points) {
      xy += (point.x - x) * (point.y - y);
      xx += (point.x - x) ** 2;
    }
  }
  return xx === 0 ? 0 : xy / xx;
}

module.exports = { percentile, slopeWithin };
