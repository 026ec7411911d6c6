import { Agent, createServer, request, type IncomingMessage, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { pipeline } from 'node:stream/promises';
import { systemClock, type Clock } from '../../core/clock';
import { BatonError, formatProblems, type Problem } from '../../core/errors';
import { checkOptionNames, secureUrl, wholeNumber } from '../../core/options';
import { closeServer, listenOnLoopback, LOOPBACK } from '../loopback';
import { readBody } from '../request-body';
import { readCalled } from './called';
import { faultsShape, FAULT_KINDS, type Fault, type FaultKind, type FaultService } from './fault';
import { faultAnswer, skewRefusal } from './fault-answers';
import { FaultPlan } from './fault-plan';

/** What {@link startFaultProxy} is told. */
export interface FaultProxyOptions {
  readonly service: FaultService;
  /** URL of the endpoint behind it, on this machine. */
  readonly target: string;
  /** What goes wrong from the start. Default: nothing. */
  readonly faults?: readonly Fault[];
  /** Which requests a `rate` hits; the same seed hits the same ones. Default 1. */
  readonly seed?: number;
  /** How long a `timeout` keeps a connection, in milliseconds; then it is reset. Default 60,000, at most 900,000. */
  readonly holdMs?: number;
  /** Default 0: a free one. */
  readonly port?: number;
  readonly clock?: Clock;
}

/** What happened so far: all requests, those handed on untouched, and those that each kind of fault hit. */
export type FaultCounts = Readonly<Record<'requests' | 'passed' | FaultKind, number>>;

/** An endpoint between a caller and a service, where faults can be switched on. */
export interface FaultProxy {
  readonly service: FaultService;
  readonly url: string;
  readonly counts: FaultCounts;
  /** What goes wrong at the moment. */
  readonly faults: readonly Fault[];
  /**
   * Switches to these faults from the next request on; `times` and `after` count anew. None: everything works.
   * @throws BatonError `option_invalid`
   */
  set(faults: readonly Fault[], seed?: number): void;
  stop(): Promise<void>;
}

const OWNER = 'startFaultProxy()';
const MAX_BODY_BYTES = 8 * 1024 * 1024;
/** More connections than these are not kept without an answer, but reset at once. */
const MAX_HELD = 1000;

/** One request on its way. */
interface Passing {
  readonly incoming: IncomingMessage;
  readonly outgoing: ServerResponse;
  readonly body: Buffer;
}

function checked(service: FaultService, faults: readonly Fault[]): readonly Fault[] {
  const problems: Problem[] = [];
  faultsShape(service).check(faults, '', problems);
  if (problems.length === 0) return faults;
  throw new BatonError('option_invalid', `The faults of "${service}" have problems:\n${formatProblems(problems)}`, {
    problems,
  });
}

/** The plan, the counts and the way to the target. */
class Proxy {
  readonly counts: Record<'requests' | 'passed' | FaultKind, number>;
  plan: FaultPlan;
  readonly #service: FaultService;
  readonly #target: URL;
  readonly #holdMs: number;
  readonly #clock: Clock;
  readonly #agent = new Agent({ keepAlive: true });
  readonly #held = new Set<Socket>();

  constructor(service: FaultService, target: URL, plan: FaultPlan, holdMs: number, clock: Clock) {
    this.#service = service;
    this.#target = target;
    this.plan = plan;
    this.#holdMs = holdMs;
    this.#clock = clock;
    const kinds = Object.fromEntries(FAULT_KINDS.map((kind) => [kind, 0])) as Record<FaultKind, number>;
    this.counts = { requests: 0, passed: 0, ...kinds };
  }

  async handle(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
    const { bytes: body } = await readBody(incoming, MAX_BODY_BYTES);
    if (body === undefined) {
      outgoing.writeHead(413).end();
      return;
    }
    this.counts.requests += 1;
    const called = readCalled(this.#service, incoming, body);
    const fault = this.plan.next(called.operation);
    this.counts[fault?.kind ?? 'passed'] += 1;
    const passing = { incoming, outgoing, body };
    if (fault === undefined) return this.#passOn(passing, 0);
    switch (fault.kind) {
      case 'timeout':
      case 'reset':
        if (fault.lost === 'answer') await this.#performUnheard(passing);
        if (fault.kind === 'timeout') this.#hold(outgoing);
        else incoming.socket.resetAndDestroy();
        return;
      case 'clock-skew': {
        const skewMs = (fault.skewSeconds ?? 0) * 1000;
        const refusal = skewRefusal(this.#service, called, this.#clock() + skewMs);
        if (refusal === undefined) return this.#passOn(passing, skewMs);
        outgoing.writeHead(refusal.status, { ...refusal.headers, Date: this.#date(skewMs) }).end(refusal.body);
        return;
      }
      default: {
        const { status, headers, body: text } = faultAnswer(this.#service, { ...fault, kind: fault.kind }, called);
        outgoing.writeHead(status, headers).end(text);
      }
    }
  }

  #date(skewMs: number): string {
    return new Date(this.#clock() + skewMs).toUTCString();
  }

  /** Sends the request to the target; the client's going away ends it there too. */
  #send({ incoming, outgoing, body }: Passing): Promise<IncomingMessage> {
    return new Promise((resolve, reject) => {
      const { hostname, port } = this.#target;
      const headers = [...incoming.rawHeaders];
      const options = { agent: this.#agent, hostname, port, method: incoming.method, path: incoming.url, headers };
      const onward = request(options, resolve).once('error', reject);
      outgoing.once('close', () => {
        if (!outgoing.writableFinished) onward.destroy();
      });
      onward.end(body);
    });
  }

  async #passOn(passing: Passing, skewMs: number): Promise<void> {
    const { outgoing } = passing;
    const answer = await this.#send(passing);
    const rest = { ...answer.headers };
    for (const hop of ['connection', 'keep-alive', 'transfer-encoding']) delete rest[hop];
    if (skewMs === 0) {
      outgoing.writeHead(answer.statusCode ?? 502, rest);
      await pipeline(answer, outgoing);
      return;
    }
    const { bytes: text = Buffer.alloc(0) } = await readBody(answer, MAX_BODY_BYTES);
    const shifted = this.#service === 'sts' ? withShiftedExpiration(text.toString('utf8'), skewMs) : text;
    outgoing
      .writeHead(answer.statusCode ?? 502, {
        ...rest,
        date: this.#date(skewMs),
        'content-length': Buffer.byteLength(shifted),
      })
      .end(shifted);
  }

  /** The target does what is asked; nobody hears of it. */
  async #performUnheard(passing: Passing): Promise<void> {
    const answer = await this.#send(passing);
    await readBody(answer, 0);
  }

  /** Answers nothing, until the client gives up or the time is over. */
  #hold(outgoing: ServerResponse): void {
    const { socket } = outgoing;
    if (socket === null || socket.destroyed) return;
    if (this.#held.size >= MAX_HELD) {
      socket.resetAndDestroy();
      return;
    }
    this.#held.add(socket);
    const timer = setTimeout(() => socket.resetAndDestroy(), this.#holdMs);
    socket.once('close', () => {
      clearTimeout(timer);
      this.#held.delete(socket);
    });
  }

  stop(): void {
    for (const socket of this.#held) socket.destroy();
    this.#agent.destroy();
  }
}

/** Sessions end by the clock of STS. */
function withShiftedExpiration(xml: string, skewMs: number): string {
  return xml.replace(/(<Expiration>)([^<]+)(<\/Expiration>)/, (_all, open: string, time: string, close: string) => {
    const shifted = new Date(Date.parse(time) + skewMs).toISOString().replace(/\.\d+/, '');
    return `${open}${shifted}${close}`;
  });
}

/**
 * Starts an endpoint on loopback that hands requests on to a service and, when told to, makes them fail as the real service
 * or the network would: throttling, 5xx, no answer, a broken connection, expired tokens, a clock that differs. What was
 * asked for is done or not done as `lost` says; everything is counted.
 *
 * @example
 * ```ts
 * const proxy = await startFaultProxy({ service: 'lambda', target: lambda.url });
 * proxy.set([{ kind: 'timeout', rate: 0.05, lost: 'answer' }], 42);
 * ```
 * @throws BatonError `option_invalid`, `option_unknown`; `relay_failed` for a port that cannot be had
 */
export async function startFaultProxy(options: FaultProxyOptions): Promise<FaultProxy> {
  checkOptionNames(OWNER, options, {
    service: true,
    target: true,
    faults: true,
    seed: true,
    holdMs: true,
    port: true,
    clock: true,
  });
  const { service, clock = systemClock } = options;
  const target = secureUrl(OWNER, options.target);
  if (target.hostname !== LOOPBACK || target.protocol !== 'http:') {
    throw new BatonError('option_invalid', `${OWNER}: the target must be on this machine, at http://${LOOPBACK}.`);
  }
  const holdMs = wholeNumber(OWNER, 'holdMs', options.holdMs, { fallback: 60_000, min: 1, max: 900_000 });
  const port = wholeNumber(OWNER, 'port', options.port, { fallback: 0, min: 0, max: 65_535 });
  const planOf = (faults: readonly Fault[], seed: number | undefined): FaultPlan =>
    new FaultPlan(
      checked(service, faults),
      wholeNumber(OWNER, 'seed', seed, { fallback: 1, min: 0, max: 2 ** 32 - 1 }),
    );
  const proxy = new Proxy(service, target, planOf(options.faults ?? [], options.seed), holdMs, clock);
  const server = createServer((incoming, outgoing) => {
    // Whatever broke on the way, the caller sees a broken connection, as it would without the proxy.
    proxy.handle(incoming, outgoing).catch(() => incoming.socket.destroy());
  });
  const listening = await listenOnLoopback(server, port, `The fault proxy of "${service}"`);
  return {
    service,
    url: `http://${LOOPBACK}:${listening}`,
    counts: proxy.counts,
    get faults() {
      return proxy.plan.faults;
    },
    set(faults, seed = options.seed) {
      proxy.plan = planOf(faults, seed);
    },
    async stop() {
      proxy.stop();
      await closeServer(server);
    },
  };
}
