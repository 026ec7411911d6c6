import { randomUUID } from 'node:crypto';
import { rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { document, key } from '../../middleware/apps';
import { temporaryFolder } from '../../support/example';
import { send } from '../../support/http-client';
import { startNode, type NodeRun } from '../../support/processes';
import { describeWithRedis, startRedis, type RedisServer } from '../../support/redis';
import { transactionToken } from '../../support/tokens';

const APP = path.join(__dirname, 'fixtures', 'app.js');

let folder: string;
let processes: NodeRun[] = [];
beforeAll(() => {
  folder = temporaryFolder();
  const policy = { ...document, edge: { ...document.edge, replay: 'reject' } };
  writeFileSync(path.join(folder, 'baton.policy.json'), JSON.stringify(policy));
});
afterEach(async () => {
  await Promise.all(processes.map((run) => run.end()));
  processes = [];
});
afterAll(() => rmSync(folder, { recursive: true }));

/** Starts two processes of one app; gives what each answers to a token. */
async function farm(env: Record<string, string> = {}): Promise<((token: string) => Promise<number>)[]> {
  const settings = { env: { BATON_POLICY: path.join(folder, 'baton.policy.json'), ...env } };
  processes = [startNode([APP], settings), startNode([APP], settings)];
  return Promise.all(
    processes.map(async (run) => {
      await run.prints(';');
      const port = /port=(\d+);/.exec(run.stdout)?.[1];
      return async (token) => {
        const answer = await send(`http://127.0.0.1:${port}/invoices/7`, { headers: { 'Txn-Token': token } });
        return answer.status;
      };
    }),
  );
}

function freshToken(): string {
  const now = Math.floor(Date.now() / 1000);
  return transactionToken(key, { claims: { iat: now, exp: now + 60, txn: randomUUID(), rctx: {} } });
}

describeWithRedis('two processes that share Redis', () => {
  let redis: RedisServer;
  beforeAll(async () => (redis = await startRedis()));
  afterAll(() => redis.stop());

  it('let a token in once between them', async () => {
    const [one, other] = await farm({ BATON_REPLAY_REDIS_URL: redis.url });
    const [first, second] = [freshToken(), freshToken()];
    expect([await one!(first), await other!(first), await one!(first)]).toEqual([200, 401, 401]);
    const atOnce = await Promise.all(Array.from({ length: 20 }, (_, i) => (i % 2 === 0 ? one! : other!)(second)));
    expect(atOnce.sort()).toEqual([200, ...Array<number>(19).fill(401)]);
  });
});

describe('two processes without Redis', () => {
  it('let a token in once each: the limit that docs/policy.md names', async () => {
    const [one, other] = await farm();
    const token = freshToken();
    expect([await one!(token), await one!(token), await other!(token), await other!(token)]).toEqual([
      200, 401, 200, 401,
    ]);
  });
});
