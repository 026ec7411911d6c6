import { AsyncResource } from 'node:async_hooks';
import { EventEmitter, once } from 'node:events';
import { createHmac, pbkdf2 } from 'node:crypto';
import { lookup } from 'node:dns';
import { readFile } from 'node:fs';
import { Agent, createServer, request, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { PassThrough, Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { gzip } from 'node:zlib';
import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import type { Express, Request, RequestHandler, Response } from 'express';
import session, { MemoryStore, type SessionData } from 'express-session';
import { currentContext, currentUser, requirePermission, restoreContext } from '../../src/index';
import { appWith, as, EXPRESSES, listen, type ExpressModule } from '../middleware/apps';

/** What the code under test saw of the context, in the order it looked. */
type Look = () => void;
type Work = (req: Request, res: Response, look: Look, done: () => void) => void;

/** Middleware before the work; `look` is called by the work. */
interface Way {
  readonly name: string;
  readonly before?: (express: ExpressModule) => RequestHandler[];
  readonly work: Work;
  readonly type?: string;
}

const emitter = new EventEmitter().setMaxListeners(0);
const sink = (): Writable => new Writable({ write: (_chunk, _encoding, done) => setImmediate(done) });

/** Hands callbacks to whoever created it, as a connection pool does that keeps no context. */
const pool = new AsyncResource('pool');
const elsewhere = (work: () => void): void => void setImmediate(() => pool.runInAsyncScope(work));

class ForgetfulStore extends MemoryStore {
  asked = 0;
  override get(id: string, callback: (error: unknown, found?: SessionData | null) => void): void {
    this.asked++;
    super.get(id, (error, found) => elsewhere(() => callback(error, found)));
  }
}

const SECRET = 'a test';
/** Names a session, signed: a store is asked only where there is one. */
const COOKIE = `connect.sid=${encodeURIComponent(`s:kept.${createHmac('sha256', SECRET).update('kept').digest('base64').replace(/=+$/, '')}`)}`;

const sessions = (store: session.Store): RequestHandler =>
  session({ store, secret: SECRET, resave: false, saveUninitialized: true });

const parsed =
  (parser: 'json' | 'urlencoded' | 'raw' | 'text') =>
  (express: ExpressModule): RequestHandler[] => [
    parser === 'urlencoded' ? express.urlencoded({ extended: false }) : express[parser]({ type: () => true }),
  ];

const lookAtOnce: Work = (_req, _res, look, done) => {
  look();
  done();
};

/** Finds the parts of a form by their boundary, chunk by chunk, as multipart parsers do. */
function readMultipart(req: Request, onPart: () => void, onEnd: () => void): void {
  let kept = '';
  req.on('data', (chunk: Buffer) => {
    kept += chunk.toString('latin1');
    for (let at = kept.indexOf('--part'); at >= 0; at = kept.indexOf('--part')) {
      kept = kept.slice(at + 6);
      onPart();
    }
  });
  req.on('end', onEnd);
}

let lambda: { client: LambdaClient; close: () => void };

const WAYS: readonly Way[] = [
  { name: 'express.json()', before: parsed('json'), work: lookAtOnce, type: 'application/json' },
  {
    name: 'express.urlencoded()',
    before: parsed('urlencoded'),
    work: lookAtOnce,
    type: 'application/x-www-form-urlencoded',
  },
  { name: 'express.raw()', before: parsed('raw'), work: lookAtOnce },
  { name: 'express.text()', before: parsed('text'), work: lookAtOnce },
  {
    name: "req.on('data') and req.on('end')",
    work: (req, _res, look, done) => req.on('data', look).on('end', look).on('end', done),
  },
  {
    name: 'req.pipe() and its finish',
    work: (req, _res, look, done) => req.pipe(sink()).on('finish', look).on('finish', done),
  },
  {
    name: 'stream.pipeline()',
    work: (req, _res, look, done) => void pipeline(req, new PassThrough(), sink()).then(look).then(done),
  },
  {
    name: 'async iteration of the request',
    work: async (req, _res, look, done) => {
      for await (const chunk of req) if (chunk !== undefined) look();
      look();
      done();
    },
  },
  { name: 'a multipart-like parser', work: (req, _res, look, done) => readMultipart(req, look, done) },
  { name: 'setImmediate', work: (_req, _res, look, done) => void setImmediate(() => (look(), done())) },
  { name: 'setTimeout', work: (_req, _res, look, done) => void setTimeout(() => (look(), done()), 1) },
  { name: 'process.nextTick', work: (_req, _res, look, done) => process.nextTick(() => (look(), done())) },
  {
    name: 'promises',
    work: async (_req, _res, look, done) => {
      await Promise.resolve();
      look();
      await Promise.all([Promise.resolve().then(look), new Promise(setImmediate).then(look)]);
      done();
    },
  },
  {
    name: "an EventEmitter of the app's own",
    work(req, _res, look, done) {
      const name = `done ${String(req.headers['x-number'])}`;
      emitter.once(name, () => (look(), done()));
      setImmediate(() => emitter.emit(name));
    },
  },
  { name: 'express-session, memory store', before: () => [sessions(new MemoryStore())], work: lookAtOnce },
  {
    name: 'express-session, a store that loses the context, and restoreContext()',
    before: () => [sessions(new ForgetfulStore()), restoreContext() as RequestHandler],
    work: lookAtOnce,
  },
  { name: 'fs.readFile', work: (_req, _res, look, done) => readFile(__filename, () => (look(), done())) },
  { name: 'crypto.pbkdf2', work: (_req, _res, look, done) => pbkdf2('a', 'b', 1, 8, 'sha256', () => (look(), done())) },
  { name: 'dns.lookup', work: (_req, _res, look, done) => lookup('localhost', () => (look(), done())) },
  { name: 'zlib', work: (_req, _res, look, done) => gzip('a', () => (look(), done())) },
  {
    name: 'an AWS SDK call',
    work: async (_req, _res, look, done) => {
      await lambda.client.send(new InvokeCommand({ FunctionName: 'render', Payload: Buffer.from('{}') }));
      look();
      done();
    },
  },
];

interface Answer {
  readonly subjects: readonly (string | undefined)[];
  readonly correlationIds: readonly (string | undefined)[];
}

const BODY = ['--part\r\na=1&b=2\r\n', '--part\r\nc=3\r\n'];
const JSON_BODY = ['{"a":', '1}'];

/** Sends a request whose body comes in two pieces, so that others come in between. */
async function send(agent: Agent, port: number, user: string, type: string): Promise<Answer> {
  const headers = {
    ...as({ sub: user }),
    'Content-Type': type,
    'X-Number': user,
    'X-Correlation-Id': `id-${user}`,
    cookie: COOKIE,
  };
  const outgoing = request({ agent, port, host: '127.0.0.1', path: '/any/work', method: 'POST', headers });
  const [first, second] = type === 'application/json' ? JSON_BODY : BODY;
  const started = once(emitter, `started ${user}`);
  outgoing.write(first);
  // The rest arrives when the app reads already: then Node's parser emits it from a context older than the request.
  await started;
  await new Promise(setImmediate);
  outgoing.end(second);
  const [response] = (await once(outgoing, 'response')) as [IncomingMessage];
  let text = '';
  for await (const chunk of response.setEncoding('utf8')) text += chunk as string;
  if (response.statusCode !== 200) throw new Error(`${response.statusCode}: ${text}`);
  return JSON.parse(text) as Answer;
}

function mount(app: Express, express: ExpressModule, { before, work }: Way): void {
  app.use((req, _res, next) => {
    next();
    emitter.emit(`started ${String(req.headers['x-number'])}`);
  });
  app.post('/any/work', ...(before?.(express) ?? []), (req, res) => {
    const subjects: (string | undefined)[] = [];
    const correlationIds: (string | undefined)[] = [];
    const look = (): void => {
      subjects.push(currentUser()?.subject);
      correlationIds.push(currentContext()?.correlationId);
    };
    work(req, res, look, () => res.json({ subjects, correlationIds }));
  });
}

beforeAll(async () => {
  const server = createServer((_req, res) => res.end('{}'));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const client = new LambdaClient({
    region: 'eu-west-1',
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    credentials: { accessKeyId: 'a', secretAccessKey: 'b' },
  });
  lambda = {
    client,
    close: () => {
      client.destroy();
      server.close();
      server.closeAllConnections();
    },
  };
});
afterAll(() => lambda.close());

describe.each(EXPRESSES)('a session store that loses the context, on %s', (_, express) => {
  it.each([
    ['without restoreContext() the caller is lost', [], undefined],
    ['with restoreContext() it is back', [restoreContext() as RequestHandler], 'entra:ada'],
    ['a guard brings it back too', [requirePermission('invoice:read') as RequestHandler], 'entra:ada'],
  ])('%s', async (_name, after, subject) => {
    const store = new ForgetfulStore();
    const way: Way = { name: '', before: () => [sessions(store), ...after], work: lookAtOnce };
    const { app } = appWith(express, { routes: (made) => mount(made, express, way) });
    const agent = new Agent();
    const { subjects } = await send(agent, await listen(app), 'entra:ada', 'text/plain');
    expect({ subjects, asked: store.asked }).toEqual({ subjects: [subject ?? null], asked: 1 });
  });
});

describe.each(EXPRESSES)(
  'the context on %s, 50 interleaved requests of 50 users on 10 kept connections',
  (_, express) => {
    it.each(WAYS.map((way) => [way.name, way] as const))('survives %s', async (_name, way) => {
      const { app } = appWith(express, { routes: (made) => mount(made, express, way) });
      const port = await listen(app);
      const agent = new Agent({ keepAlive: true, maxSockets: 10 });
      const users = Array.from({ length: 50 }, (_user, index) => `entra:user-${index}`);
      const answers = await Promise.all(users.map((user) => send(agent, port, user, way.type ?? 'text/plain')));
      agent.destroy();
      for (const [index, user] of users.entries()) {
        const { subjects, correlationIds } = answers[index]!;
        expect(subjects.length).toBeGreaterThan(0);
        expect(new Set(subjects)).toEqual(new Set([user]));
        expect(new Set(correlationIds)).toEqual(new Set([`id-${user}`]));
      }
    });
  },
);
