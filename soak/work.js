'use strict';

/** What was left behind and started, as those who did it know it. */
class Work {
  /** Work that was answered with 202, by its key: whose. */
  accepted = new Map();
  /** Runs that were answered with 202, by their ID. */
  runs = new Map();
  /** Keys under which a workflow was asked for, answered or not. */
  keysOfRuns = new Set();
  #number = 0;

  newKey() {
    return `soak-${++this.#number}`;
  }

  started(run, about) {
    if (!this.runs.has(run)) this.runs.set(run, { ...about, startedAt: Date.now() });
  }

  /** Runs in which a person has to decide, of this age at least, that nobody has decided for sure. */
  undecided(olderThanMs = 0) {
    const now = Date.now();
    return [...this.runs].filter(
      ([, { large, decided, busy, startedAt }]) => large && !decided && !busy && now - startedAt > olderThanMs,
    );
  }
}

module.exports = { Work };
