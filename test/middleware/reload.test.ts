import type { RequestHandler } from 'express';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { livePolicy } from '../../src/policy/process-policy';
import { startKeyServer, type KeyServer } from '../support/key-server';
import { as, clock, document, EXPRESSES, key, listen, memoryLog } from './apps';
import { baton, currentUser } from '../../src/index';

const folder = mkdtempSync(path.join(os.tmpdir(), 'baton-reload-'));
const file = path.join(folder, 'baton.policy.json');
let keys: KeyServer;
beforeAll(async () => (keys = await startKeyServer([key.publicJwk])));
afterAll(async () => {
  livePolicy(file).unwatch();
  await keys.close();
  rmSync(folder, { recursive: true });
});

const READ = { method: 'GET', path: '/invoices/{id}', permission: 'invoice:read' } as const;

/** A policy in which clerks may read or not; keys by URL, as in production. */
function write(clerksRead: boolean): void {
  const edge = { ...document.edge, keys: { jwksUri: keys.jwksUri } };
  const roles = { ...document.roles, clerk: clerksRead ? document.roles.clerk : {} };
  writeFileSync(file, JSON.stringify({ ...document, edge, roles, routes: [{ path: '/health', public: true }, READ] }));
}

describe.each(EXPRESSES)('a policy that is reloaded on %s', (_name, express) => {
  it('fails no request under load, decides each by one policy or the other, and fetches the keys once', async () => {
    write(true);
    const log = memoryLog();
    const live = livePolicy(file);
    live.reload();
    const app = express();
    app.use(baton({ policy: file, clock, logger: log.logger }) as RequestHandler);
    app.get('/invoices/:id', (_req, res) => res.json({ subject: currentUser()?.subject }));
    app.get('/health', (_req, res) => res.json({}));
    const url = `http://127.0.0.1:${await listen(app)}`;
    const before = keys.fetches();
    const seen = new Map<number, number>();
    let ended = false;
    const load = Array.from({ length: 8 }, async (_, worker) => {
      for (let i = 0; !ended; i++) {
        const answer = await fetch(`${url}/invoices/${i}`, { headers: as({ sub: `entra:user-${worker}-${i % 5}` }) });
        seen.set(answer.status, (seen.get(answer.status) ?? 0) + 1);
        const body = (await answer.json()) as { subject?: string };
        if (answer.status === 200) expect(body.subject).toBe(`entra:user-${worker}-${i % 5}`);
      }
    });
    for (let i = 0; i < 50; i++) {
      if (i % 5 === 4) writeFileSync(file, '{"application": "half a fi');
      else write(i % 2 === 1);
      live.reload();
      // Lets requests meet this policy before the next one comes.
      await fetch(`${url}/health`);
    }
    ended = true;
    await Promise.all(load);
    expect([...seen.keys()].sort()).toEqual([200, 403]);
    expect(keys.fetches() - before).toBeLessThanOrEqual(1);
  });
});

describe('what is told of a reload', () => {
  it('reaches the audit trail that the environment names', () => {
    const own = path.join(folder, 'env.policy.json');
    const trail = path.join(folder, 'trail', 'audit.jsonl');
    process.env.BATON_AUDIT_FILE = trail;
    try {
      writeFileSync(own, JSON.stringify(document));
      baton({ policy: own, clock, logger: memoryLog().logger });
      const live = livePolicy(own);
      live.unwatch();
      writeFileSync(own, JSON.stringify({ ...document, application: 'other' }));
      live.reload();
      const lines = readdirSync(path.dirname(trail)).map((name) =>
        readFileSync(path.join(path.dirname(trail), name), 'utf8'),
      );
      expect(lines.join('')).toContain('"event":"policy_reloaded"');
    } finally {
      delete process.env.BATON_AUDIT_FILE;
    }
  });

  it('is who decides from now on, or everything that is wrong', () => {
    const logged = memoryLog();
    const own = path.join(folder, 'own.policy.json');
    writeFileSync(own, JSON.stringify(document));
    baton({ policy: own, clock, logger: logged.logger });
    const live = livePolicy(own);
    live.unwatch();
    const { digest } = live.current;
    writeFileSync(own, JSON.stringify({ ...document, application: 'other' }));
    live.reload();
    writeFileSync(own, JSON.stringify({ ...document, application: '', rolse: {} }));
    live.reload();
    expect(logged.of('policy_reloaded')).toMatchObject([{ previousPolicy: digest, policy: live.current.digest }]);
    expect(logged.of('audit')).toMatchObject([
      { event: 'policy_reloaded', outcome: 'allowed', previousPolicy: digest },
    ]);
    const [refused, ...more] = logged.of('policy_refused');
    expect(more).toEqual([]);
    expect(refused).toMatchObject({ level: 'error', code: 'policy_invalid' });
    expect(refused?.problems).toMatchObject([{ pointer: '/application' }, { pointer: '/rolse' }]);
  });
});
