'use strict';

const { EVERYBODY, may, seenAs } = require('./people');

const bearer = (token) => ['Authorization', `Bearer ${token}`];
const runPath = (run) => `/workflows/${encodeURIComponent(run)}`;
const ANYBODY = [...EVERYBODY, 'nora', 'copilot'];
/** A request whose answer said neither yes nor no is sent again under its key, as a client should. */
const ATTEMPTS = 4;
const AGAIN_AFTER_MS = 1500;

/** What people do, with what must come of it. Each function sends, has it judged, and never throws for an answer. */
class Users {
  constructor({ send, judge, timeline, tokens, work, random }) {
    Object.assign(this, { send, judge, timeline, tokens, work, random });
  }

  #via() {
    return this.random.one(['http', 'rest']);
  }

  /** What must come of an action, by the policies that may have decided it. */
  #expected(who, action, status, { sentAt, answeredAt }) {
    const answers = this.timeline.between(sentAt, answeredAt).map((version) => may(version, who, action));
    return { admit: answers.includes(true) ? [status] : [], refuse: answers.includes(false) ? [403] : [] };
  }

  async #do(action, { who, method = 'POST', path, status = 200, headers = [], seen }) {
    const via = this.#via();
    const answer = await this.send(via, { method, path, headers: [...bearer(this.tokens.of(who)), ...headers] });
    const outcome = this.judge.note(`${who} ${action} (${via})`, answer, {
      ...this.#expected(who, action, status, answer),
      seen,
    });
    if (outcome === 'admitted') this.#sample(action, via, answer);
    return { answer, outcome };
  }

  /** Some of what was admitted is looked for in all logs. */
  #sample(action, via, { headers, sentAt, answeredAt }) {
    if (!['read', 'render'].includes(action) || this.random.number() > 0.3) return;
    this.judge.sample.push({ action, via, id: headers['x-correlation-id'], sentAt, answeredAt });
  }

  #invoice() {
    return String(1 + Math.floor(this.random.number() * 40));
  }

  read() {
    const who = this.random.one(ANYBODY);
    const allowed = who === 'copilot' || EVERYBODY.includes(who);
    return this.#do('read', {
      who,
      method: 'GET',
      path: `/invoices/${this.#invoice()}`,
      ...(allowed && { seen: seenAs(who) }),
    });
  }

  approve() {
    const who = this.random.one(ANYBODY);
    return this.#do('approve', { who, path: `/invoices/${this.#invoice()}/approve`, seen: seenAs(who) });
  }

  render() {
    const who = this.random.one([...EVERYBODY, 'nora']);
    return this.#do('render', { who, path: `/invoices/${this.#invoice()}/render`, seen: seenAs(who) });
  }

  async health() {
    const answer = await this.send(this.#via(), { method: 'GET', path: '/health' });
    this.judge.note('health', answer, { admit: [200] });
  }

  /** Leaves work behind, under one key until it is taken; now and then once more when it is. */
  async leave(action) {
    const who = this.random.one(EVERYBODY);
    const key = this.work.newKey();
    const path = `/invoices/${this.#invoice()}/${action}`;
    const again = this.random.number() < 0.1;
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      const { outcome } = await this.#do(action, { who, path, status: 202, headers: ['Idempotency-Key', key] });
      if (outcome === 'admitted') {
        this.work.accepted.set(key, { who, action, path });
        if (!again) return;
      } else if (outcome === 'refused') return;
      await new Promise((resolve) => setTimeout(resolve, AGAIN_AFTER_MS));
    }
  }

  /** Starts a workflow, under one key until it is taken. */
  async start() {
    const who = this.random.one(EVERYBODY);
    const invoice = this.#invoice();
    const key = this.work.newKey();
    this.work.keysOfRuns.add(key);
    const request = {
      who,
      path: `/invoices/${invoice}/approval`,
      status: 202,
      headers: ['Idempotency-Key', key],
      seen: seenAs(who),
    };
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      const { answer, outcome } = await this.#do('start', request);
      if (outcome === 'admitted') {
        this.work.started(answer.body.run, { who, key, large: Number(invoice) % 2 === 1 });
        return;
      }
      if (outcome === 'refused') return;
      await new Promise((resolve) => setTimeout(resolve, AGAIN_AFTER_MS));
    }
  }

  /** Looks at a run: its starter, or an approver, who may see everybody's. */
  async look() {
    const [run, { who }] = this.random.one([...this.work.runs].slice(-50)) ?? [undefined, {}];
    if (run === undefined) return this.health();
    const viewer = this.random.one([who, 'ada', 'ben']);
    const answer = await this.send(this.#via(), {
      method: 'GET',
      path: runPath(run),
      headers: bearer(this.tokens.of(viewer)),
    });
    return this.judge.note(`${viewer} looks at a run`, answer, { admit: [200] });
  }

  /** Somebody else decides a run that waits for a person. */
  async decide(olderThanMs = 1500) {
    const [run, about] = this.random.one(this.work.undecided(olderThanMs)) ?? [];
    if (run === undefined) return;
    about.busy = true;
    about.decision ??= this.random.number() < 0.8 ? 'approve' : 'reject';
    const who = this.random.one(['ada', 'ben'].filter((one) => one !== about.who));
    const body = JSON.stringify({ decision: about.decision, comment: 'soak' });
    const request = {
      method: 'POST',
      path: `${runPath(run)}/approvals/Approval`,
      headers: bearer(this.tokens.of(who)),
      body,
    };
    const answer = await this.send(this.#via(), request);
    // Not waiting yet, or decided by a request whose answer was lost: either is 409.
    const outcome = this.judge.note(`${who} decides`, answer, { admit: [204, 409] });
    if (outcome === 'admitted') about.decided = answer.status === 204;
    about.busy = false;
  }
}

module.exports = { Users, bearer, runPath };
