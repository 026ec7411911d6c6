import { createNamespace, destroyNamespace } from 'cls-hooked';
import { execFileSync } from 'node:child_process';
import type { ErrorRequestHandler } from 'express';
import path from 'node:path';
import request from 'supertest';
import { bridgeNamespace, type BridgedKeys, type ClsNamespace } from '../../src/cls-hooked';
import { currentUser } from '../../src/index';
import { thrownBy } from '../support/errors';
import { appWith, as, EXPRESSES, listen } from '../middleware/apps';

const session = createNamespace('session');
afterAll(() => destroyNamespace('session'));

/** What code sees that knows the namespace only. */
const seen = (): unknown[] => [
  (session.get('user') as { subject: string } | undefined)?.subject,
  session.get('correlationId'),
];
const seenInCallbacks = (): Promise<unknown[]> =>
  new Promise((resolve) => setTimeout(() => process.nextTick(() => setImmediate(() => resolve(seen()))), 1));

describe.each(EXPRESSES)('bridgeNamespace() on %s', (_, express) => {
  it('shows 50 users at once each their own, in callbacks, promises and events, twice over the same connections', async () => {
    const atTheEnd: unknown[][] = [];
    const atData: unknown[][] = [];
    // One function for all requests: as a listener it must still run as the request that emits.
    const onData = (): number => atData.push([...seen(), currentUser()?.subject]);
    const onFinish = (): number => atTheEnd.push(seen());
    const { app } = appWith(express, {
      routes: (below) => {
        below.use((_req, res, next) => next(void res.on('finish', onFinish)));
        below.use(bridgeNamespace(session));
        below.post('/any/:id', (req, res) => {
          const end = async (): Promise<void> => {
            const atEnd = seen();
            res.json([atEnd, await seenInCallbacks(), seen()]);
          };
          req.on('data', onData).on('end', () => void end());
        });
      },
    });
    const port = await listen(app);
    const ids = Array.from({ length: 50 }, (_each, i) => `u${i}`);
    const own = ids.map((id) => [`entra:${id}`, `c-${id}`]);
    for (const round of [1, 2]) {
      const answers = await Promise.all(
        ids.map(async (id) => {
          const headers = { ...as({ sub: `entra:${id}` }), 'X-Correlation-Id': `c-${id}` };
          const answer = await fetch(`http://127.0.0.1:${port}/any/${id}`, { method: 'POST', headers, body: id });
          return answer.json();
        }),
      );
      expect(answers).toEqual(own.map((pair) => [pair, pair, pair]));
      expect(atData.length).toBe(50 * round);
    }
    expect(atTheEnd.sort()).toEqual([...own, ...own].sort());
    expect(atData.sort()).toEqual([...own, ...own].map(([user, id]) => [user, id, user]).sort());
  });

  it('keeps what was put into the namespace before, and shows no user where there is none', async () => {
    const { app } = appWith(express, {
      routes: (below) => {
        below.use((_req, _res, next) => session.run(() => next(void session.set('tenant', 'acme'))));
        below.use(bridgeNamespace('session', { user: 'who', correlationId: 'cid' }));
        below.get('/open/x', (_req, res) => {
          res.json(['tenant', 'who', 'cid', 'user'].map((name) => (session.get(name) as unknown) ?? null));
        });
      },
    });
    const answer = await request(app).get('/open/x').set('X-Correlation-Id', 'c-1').set(as());
    expect(answer.body).toEqual(['acme', expect.objectContaining({ subject: 'entra:ada' }), 'c-1', null]);
    expect((await request(app).get('/open/x').set('X-Correlation-Id', 'c-2')).body).toEqual([
      'acme',
      null,
      'c-2',
      null,
    ]);
  });

  it('needs a context', async () => {
    const app = express();
    app.use(bridgeNamespace(session));
    app.use(((error: Error, _req, res, _next) => void res.status(500).json(error.message)) as ErrorRequestHandler);
    expect((await request(app).get('/')).body).toMatch(/mount baton\(\)/);
  });
});

describe('bridgeNamespace()', () => {
  it.each<[string, unknown, unknown, string]>([
    ['no namespace', undefined, undefined, 'option_invalid'],
    ['something else', {}, undefined, 'option_invalid'],
    ['an empty name', '', undefined, 'option_invalid'],
    ['an unknown key', session, { users: 'user' }, 'option_unknown'],
    ['no key', session, {}, 'option_invalid'],
    ['a key that is no text', session, { user: 7 }, 'option_invalid'],
    ['one key for both', session, { user: 'x', correlationId: 'x' }, 'option_invalid'],
  ])('refuses %s', async (_what, namespace, keys, code) => {
    const error = await thrownBy(() => bridgeNamespace(namespace as ClsNamespace, keys as BridgedKeys | undefined));
    expect(error).toMatchObject({ code });
  });

  it('makes a namespace that is only named, and can be looked up then', () => {
    bridgeNamespace('made-here');
    expect(() => destroyNamespace('made-here')).not.toThrow();
  });

  it('loads cls-hooked only when a namespace is named', () => {
    const dist = path.join(__dirname, '../../dist');
    const script = `const has = () => Object.keys(require.cache).some((file) => /[\\\\/]cls-hooked[\\\\/]/.test(file));
      const before = [require(${JSON.stringify(`${dist}/index.js`)}), has()][1];
      const { bridgeNamespace } = require(${JSON.stringify(`${dist}/cls-hooked.js`)});
      bridgeNamespace({ set() {}, run() {}, bind() {} });
      const given = has();
      bridgeNamespace('x');
      console.log(JSON.stringify([before, given, has()]));`;
    const printed = execFileSync(process.execPath, ['-e', script], { encoding: 'utf8' });
    expect(JSON.parse(printed)).toEqual([false, false, true]);
  });
});
