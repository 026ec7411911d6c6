import { writeFileSync } from 'node:fs';
import * as http from 'node:http';
import { join } from 'node:path';
import { makeKey, transactionToken, travellingClaims, AUDIENCE, ISSUER, type TestKey } from '../support/tokens';
import { closeSites, openSite, until, type TestSite } from '../local/iis/support';

const ROUNDS = 25;
const CLIENTS = 6;

/** What iisnode itself answers where the process behind a request was terminated. */
const BROKEN_PIPES = ['1002', '1006', '1010', '1013', '1014', '1015'];

interface Outcome {
  readonly subject: string;
  readonly startedAt: number;
  readonly endedAt: number;
  readonly status: number;
  readonly body: { readonly subject?: string; readonly after?: string; readonly pid?: number };
}

afterEach(closeSites);

function policyOf(key: TestKey): string {
  const keys = { jwks: { keys: [key.publicJwk] } };
  return JSON.stringify({
    application: 'invoices',
    edge: { profile: 'txn-token', issuer: ISSUER, audience: AUDIENCE, algorithms: ['ES256'], keys },
    roles: { clerk: { permissions: ['invoice:read'] } },
    routes: [{ path: '/{rest+}', permission: 'invoice:read' }],
  });
}

function tokenFor(key: TestKey, subject: string): string {
  const iat = Math.floor(Date.now() / 1000);
  const tctx = { ...travellingClaims.tctx, roles: ['clerk'] };
  return transactionToken(key, { claims: { sub: subject, txn: subject, tctx, iat, exp: iat + 600, rctx: {} } });
}

/** The policy lies beside the app: iisnode starts an app in its own folder. */
async function openUserSite(key: TestKey): Promise<TestSite> {
  const site = await openSite({
    app: 'identity-app.js',
    iisnode: { promoteServerVars: 'REMOTE_ADDR,HTTPS,UNENCODED_URL', loggingEnabled: 'false' },
    options: { environment: { BATON_POLICY: 'policy.json', BATON_LOG_LEVEL: 'error' } },
  });
  writeFileSync(join(site.root, 'policy.json'), policyOf(key));
  return site;
}

/** Clients that send one request after the other, each as a user of its own, until they are told to stop. */
class Load {
  readonly outcomes: Outcome[] = [];
  #running = true;
  readonly #clients: Promise<void>[];

  constructor(site: TestSite, key: TestKey) {
    this.#clients = Array.from({ length: CLIENTS }, (_, index) => this.#client(site, key, index));
  }

  get admitted(): number {
    return this.outcomes.filter(({ status }) => status === 200).length;
  }

  /** How many processes have answered. */
  get processes(): number {
    return new Set(this.outcomes.flatMap(({ body: { pid = [] } }) => pid)).size;
  }

  async stop(): Promise<readonly Outcome[]> {
    this.#running = false;
    await Promise.all(this.#clients);
    return this.outcomes;
  }

  async #client({ site }: TestSite, key: TestKey, index: number): Promise<void> {
    const subject = `entra:user-${index}`;
    const token = tokenFor(key, subject);
    const agent = new http.Agent({ keepAlive: true });
    const path = index % 2 === 0 ? `/slow/${index}` : `/quick/${index}`;
    while (this.#running) {
      const startedAt = performance.now();
      const { status, text } = await get(site.port, path, token, agent);
      const body = (status === 200 ? JSON.parse(text) : {}) as Outcome['body'];
      this.outcomes.push({ subject, startedAt, endedAt: performance.now(), status, body });
    }
    agent.destroy();
  }
}

function get(port: number, path: string, token: string, agent: http.Agent): Promise<{ status: number; text: string }> {
  return new Promise((resolve, reject) => {
    const request = http.get({ port, host: '127.0.0.1', path, agent, headers: { 'Txn-Token': token } }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
      response.once('end', () => resolve({ status: response.statusCode ?? 0, text }));
    });
    request.once('error', reject);
  });
}

/** From the order to the moment when the processes were gone; meanwhile nobody knows yet that they are. */
interface Ending {
  readonly from: number;
  readonly to: number;
}

/** Ends the app that many times under load, each time when the one before has answered everybody again. */
async function endAgainAndAgain(
  end: (site: TestSite) => Promise<void>,
): Promise<{ outcomes: readonly Outcome[]; endings: readonly Ending[]; site: TestSite }> {
  const key = makeKey();
  const site = await openUserSite(key);
  const load = new Load(site, key);
  const endings: Promise<Ending>[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const before = load.admitted;
    // A process that has answered nobody yet is no one to end: each round has one of its own.
    await until(() => load.processes > round && load.admitted >= before + CLIENTS, 20_000);
    const from = performance.now();
    endings.push(end(site).then(() => ({ from, to: performance.now() })));
  }
  const ended = await Promise.all(endings);
  await until(() => load.processes > ROUNDS, 20_000);
  return { outcomes: await load.stop(), endings: ended, site };
}

const mixedUp = (outcomes: readonly Outcome[]): Outcome[] =>
  outcomes.filter(
    ({ status, subject, body }) => status === 200 && (body.subject !== subject || body.after !== subject),
  );

describe('an app under load', () => {
  it('that is recycled 25 times, old and new process side by side, fails no request and mixes nobody up', async () => {
    const { outcomes } = await endAgainAndAgain(({ site }) => site.recycle());
    expect(outcomes.filter(({ status }) => status !== 200)).toEqual([]);
    expect(mixedUp(outcomes)).toEqual([]);
    expect(outcomes.length).toBeGreaterThan(ROUNDS * CLIENTS);
  }, 120_000);

  it('that is killed 25 times fails what was open then, as iisnode reports it, and mixes nobody up', async () => {
    const { outcomes, endings, site } = await endAgainAndAgain(({ site: { kill } }) => kill());
    const failed = outcomes.filter(({ status }) => status !== 200);
    const wasOpen = ({ startedAt, endedAt }: Outcome): boolean =>
      endings.some(({ from, to }) => startedAt <= to && endedAt >= from);
    expect(failed.filter((outcome) => outcome.status !== 500 || !wasOpen(outcome))).toEqual([]);
    expect(mixedUp(outcomes)).toEqual([]);
    const logged = (await site.log()).filter((line) => line['sc-status'] !== '200');
    expect(logged).toHaveLength(failed.length);
    expect(logged.filter((line) => !BROKEN_PIPES.includes(line['sc-substatus'] ?? ''))).toEqual([]);
  }, 120_000);
});
