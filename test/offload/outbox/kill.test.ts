import { once } from 'node:events';
import { rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { openDatabase } from '../../../src/offload/outbox/database';
import { countWork } from '../../../src/offload/outbox/keeping';
import { temporaryFolder } from '../../support/example';
import { invoicesDocument, relayKeys } from '../../support/invoices';
import { startNode, type NodeRun } from '../../support/processes';
import { ISSUER, travellingClaims } from '../../support/tokens';
import { waitFor } from '../../support/wait';

const PIECES = 1000;
const AWAY_MS = 60_000;
const CLOCK_RATE = 40;
/** Where the apps are killed: counted in pieces that were left, while AWS is away, and in deliveries, when it is back. */
const KILLS = { left: 12, called: 8 };

/** A generator of numbers from 0 to below 1 (mulberry32): the same for the same seed. */
function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** AWS, for two apps that are killed and started again. */
class Scene {
  readonly folder = temporaryFolder();
  readonly file = path.join(this.folder, 'outbox.db');
  readonly startedAt = Date.now();
  readonly left = new Set<number>();
  /** How often each piece arrived, in the order of the first time, by its key. */
  readonly arrived = new Map<string, number>();
  calls = 0;
  callsWhileAway = 0;
  kills = 0;
  readonly #apps: NodeRun[] = [];
  readonly #killAt: Record<keyof typeof KILLS, Set<number>>;
  readonly #random: () => number;
  #server!: Server;
  #url = '';
  #isOver = false;

  constructor(seed: number) {
    this.#random = random(seed);
    const points = (count: number): Set<number> => {
      const chosen = new Set<number>();
      while (chosen.size < count) chosen.add(1 + Math.floor(this.#random() * (PIECES - 50)));
      return chosen;
    };
    this.#killAt = { left: points(KILLS.left), called: points(KILLS.called) };
  }

  async start(): Promise<void> {
    this.#server = createServer((req, res) => void this.#answer(req, res)).listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
    this.#url = `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
    for (const index of [0, 1]) this.#startApp(index);
  }

  async end(): Promise<void> {
    this.#isOver = true;
    await Promise.all(this.#apps.map((app) => app.end()));
    this.#server.close();
    this.#server.closeAllConnections();
    rmSync(this.folder, { recursive: true });
  }

  /** AWS comes back when its time is over, and not before all is left. */
  get #isAway(): boolean {
    return (Date.now() - this.startedAt) * CLOCK_RATE < AWAY_MS || this.left.size < PIECES;
  }

  #startApp(index: number): void {
    const own = Array.from({ length: PIECES }, (_, piece) => piece).filter((piece) => piece % 2 === index);
    const config = path.join(this.folder, `app-${index}.json`);
    const settings = {
      file: this.file,
      url: this.#url,
      policy: invoicesDocument,
      key: relayKeys.handOver.privateJwk,
      transaction: { ...travellingClaims, rctx: {} },
      edge: { profile: 'txn-token', issuer: ISSUER },
      startedAt: this.startedAt,
      clockRate: CLOCK_RATE,
      pollMs: 20,
    };
    // Who was killed before it was told that its work is on disk leaves it again, under the same key.
    writeFileSync(config, JSON.stringify({ settings, pieces: own.filter((piece) => !this.left.has(piece)) }));
    const app = startNode([path.join(__dirname, 'support', 'app.js'), config]);
    this.#apps[index] = app;
    void app.ended.then(() => {
      if (!this.#isOver) this.#startApp(index);
    });
  }

  /** Kills one of the two where the seed says so; true where it did. */
  #maybeKill(what: keyof typeof KILLS, count: number): boolean {
    if (!this.#killAt[what].delete(count)) return false;
    this.kills++;
    this.#apps[this.#random() < 0.5 ? 0 : 1]?.signal('SIGKILL');
    return true;
  }

  async #answer(req: IncomingMessage, res: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    try {
      for await (const chunk of req) chunks.push(chunk as Buffer);
    } catch {
      // It was killed while it asked: nothing has arrived.
      return;
    }
    const [, piece] = /^\/left\/(\d+)$/.exec(req.url ?? '') ?? [];
    if (piece !== undefined) {
      this.left.add(Number(piece));
      this.#maybeKill('left', this.left.size);
      res.end();
    } else this.#invoke(Buffer.concat(chunks).toString(), res);
  }

  #invoke(body: string, res: ServerResponse): void {
    if (this.#isAway) {
      this.callsWhileAway++;
      res.writeHead(503, { 'x-amzn-errortype': 'ServiceUnavailable' }).end('{}');
      return;
    }
    const { idempotencyKey, payload } = JSON.parse(body) as { idempotencyKey: string; payload: { piece: number } };
    expect(idempotencyKey).toBe(`piece-${payload.piece}`);
    this.arrived.set(idempotencyKey, (this.arrived.get(idempotencyKey) ?? 0) + 1);
    // Before the answer: the worst moment, since AWS has the work and nobody knows.
    this.#maybeKill('called', ++this.calls);
    res.writeHead(202).end();
  }
}

it('AWS is away, two apps are killed 20 times: each piece of work is done, and twice only under its own key', async () => {
  const scene = new Scene(20_261_120);
  try {
    await scene.start();
    await waitFor('all to be left', () => scene.left.size === PIECES, 45_000);
    const database = openDatabase(scene.file);
    await waitFor('all to be delivered', () => countWork(database).delivered === PIECES, 45_000);
    const all = Array.from({ length: PIECES }, (_, piece) => `piece-${piece}`);
    expect([...scene.arrived.keys()].sort()).toEqual(all.sort());
    expect(countWork(database)).toMatchObject({ waiting: 0, dead: 0, delivered: PIECES });
    expect({ kills: scene.kills, away: scene.callsWhileAway > 0 }).toEqual({ kills: 20, away: true });
    // What was under way in an app that was killed, and nothing else, comes again.
    const again = scene.calls - PIECES;
    expect(Math.max(...scene.arrived.values())).toBeLessThanOrEqual(1 + KILLS.called);
    expect(again).toBeLessThan(PIECES / 4);
    const inOrder = `SELECT idempotency_key AS key FROM work WHERE ordering_key IS NOT NULL ORDER BY seq`;
    const left = database.all(inOrder).map(({ key }) => key);
    expect(left).toHaveLength(PIECES / 5);
    expect([...scene.arrived.keys()].filter((key) => left.includes(key))).toEqual(left);
    database.close();
    console.info(`${PIECES} pieces, ${scene.kills} kills, ${scene.calls} calls, ${again} of them again`);
  } finally {
    await scene.end();
  }
}, 100_000);
