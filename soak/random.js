'use strict';

const { seededRandom } = require('../dist/local/faults/random');

/** Choices that are the same for the same seed. */
class Random {
  #next;

  constructor(seed) {
    this.#next = seededRandom(seed);
  }

  /** From 0 up to, not including, 1. */
  number() {
    return this.#next();
  }

  one(list) {
    return list[Math.floor(this.#next() * list.length)];
  }

  /** One of `[weight, value]`. */
  weighted(pairs) {
    let left = this.#next() * pairs.reduce((sum, [weight]) => sum + weight, 0);
    return pairs.find(([weight]) => (left -= weight) < 0)[1];
  }

  shuffled(list) {
    const rest = [...list];
    return list.map(() => rest.splice(Math.floor(this.#next() * rest.length), 1)[0]);
  }
}

module.exports = { Random };
