'use strict';

/** The value below which this share of a sorted list lies. */
const percentile = (sorted, share) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))];

const median = (values) => {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length / 2;
  return sorted.length % 2 === 0 ? (sorted[middle - 1] + sorted[middle]) / 2 : sorted[Math.floor(middle)];
};

/** The least and the most. */
const spreadOf = (values) => [Math.min(...values), Math.max(...values)];

/** How many of the lowest and of the highest values can be left out, so that the median lies between the rest at 95 %. */
function leftOut(count) {
  let chance = 0.5 ** count;
  let below = 0;
  // The binomial distribution of how many values lie below the median, summed up from its end.
  for (let rank = 0; rank < count / 2; rank++) {
    below += chance;
    if (below > 0.025) return rank;
    chance = (chance * (count - rank)) / (rank + 1);
  }
  return Math.floor((count - 1) / 2);
}

/** Where the median of what was sampled lies with 95 % certainty or more, from six values on; whatever their distribution. */
function medianBounds(values) {
  const sorted = [...values].sort((a, b) => a - b);
  const rank = Math.max(0, leftOut(sorted.length) - 1);
  return [sorted[rank], sorted[sorted.length - 1 - rank]];
}

module.exports = { median, medianBounds, percentile, spreadOf };
