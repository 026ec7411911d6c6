'use strict';

/** How long the app may take to work by a policy file that was replaced: it looks every two seconds, and reads it then. */
const POLICY_GRACE_MS = 8000;

/** When what went wrong, so that an answer can be held against it. */
class Windows {
  #all = [];

  /** Something goes wrong from now on, until the function that is given back is called. */
  begin(kind) {
    const window = { kind, from: Date.now(), to: Infinity };
    this.#all.push(window);
    return () => {
      window.to = Date.now();
    };
  }

  /** Something that is over at once, and is felt for so long. */
  moment(kind, lengthMs) {
    const from = Date.now();
    this.#all.push({ kind, from, to: from + lengthMs });
  }

  /** Whether one of these went wrong between two moments, or so long before. */
  touched(from, to, { kinds, tailMs = 0 } = {}) {
    return this.#all.some((one) => {
      const wanted = kinds === undefined || kinds.includes(one.kind);
      return wanted && one.from <= to && one.to + tailMs >= from;
    });
  }
}

/** Which version of the policy was in force when. For a while after a change both answers are right. */
class PolicyTimeline {
  #changes = [{ version: 'full', at: -Infinity }];

  change(version) {
    this.#changes.push({ version, at: Date.now() });
  }

  get current() {
    return this.#changes.at(-1).version;
  }

  /** The versions by which a request between two moments may have been decided. */
  between(from, to) {
    const inForce = this.#changes.filter(({ at }, index) => {
      const end = (this.#changes[index + 1]?.at ?? Infinity) + POLICY_GRACE_MS;
      return at <= to && end >= from;
    });
    return [...new Set(inForce.map(({ version }) => version))];
  }
}

module.exports = { POLICY_GRACE_MS, PolicyTimeline, Windows };
