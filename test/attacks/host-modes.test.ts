import express from 'express';
import { appWith, rawRequest, type RawAnswer } from '../middleware/apps';
import { hosts, openToClients } from '../support/hosts';
import {
  carrier,
  claimsOfOneself,
  connectionValues,
  evilHosts,
  hostHeadersOf,
  lookAlikes,
  routes,
  SECRET,
  severalAssertions,
  smuggledIn,
  switches,
} from './header-rows';

const codeOf = ({ status, body }: RawAnswer): object => ({
  status,
  code: (JSON.parse(body) as { code?: string }).code,
});
const userOf = ({ body }: RawAnswer): unknown => (JSON.parse(body) as { user?: { subject?: string } }).user?.subject;

/** The rows of the attack table that are about headers, through what stands in front of the app in each host mode. */
describe.each(hosts)('requests through $name', ({ open }) => {
  let front: Awaited<ReturnType<typeof openToClients>>;
  beforeAll(async () => {
    const { app } = appWith(express, { routes });
    front = await openToClients(await open(app));
  });
  afterAll(() => front.close());

  const get = (path: string, headers: readonly string[]): Promise<RawAnswer> =>
    rawRequest(front.port, `GET ${path}`, headers);

  it.each(lookAlikes)('cannot bring the identity in the look-alike %s, in any host mode', async (name) => {
    for (const headers of smuggledIn(name)) {
      expect(codeOf(await get('/invoices/7', headers))).toEqual({ status: 400, code: 'identity_header_invalid' });
    }
  });

  it.each(severalAssertions)('cannot bring %s, in any host mode', async (_what, headers) => {
    expect(codeOf(await get('/invoices/7', headers))).toEqual({ status: 400, code: 'identity_header_invalid' });
  });

  it.each(connectionValues)(
    'cannot have the identity taken away by "Connection: %s", in any host mode',
    async (value) => {
      for (const path of ['/invoices/7', '/health']) {
        const answer = await get(path, [`Connection: ${value}`, 'Connection: close', carrier]);
        // Hosts that have a `Connection` of their own put it in the client's place; the others' is refused.
        if (answer.status === 200) expect(userOf(answer)).toBe('entra:ada');
        else expect(codeOf(answer)).toEqual({ status: 400, code: 'identity_header_invalid' });
      }
    },
  );

  it.each(switches)('are not let through for "%s", in any host mode', async (header) => {
    for (const path of ['/admin', '/invoices/7']) {
      const answer = await get(path, [header]);
      expect(codeOf(answer)).toEqual({ status: 401, code: 'identity_missing' });
      expect(answer.body).not.toContain(SECRET);
    }
  });

  it.each(evilHosts)('are decided and answered the same for the host "%s", in any host mode', async (host) => {
    const refused = await get('/invoices/7', hostHeadersOf(host));
    expect(codeOf(refused)).toEqual({ status: 401, code: 'identity_missing' });
    const admitted = await get('/invoices/7', [...hostHeadersOf(host), carrier]);
    expect(admitted.status).toBe(200);
    expect(refused.body + JSON.stringify(refused.headers) + admitted.body).not.toContain('vil');
  });

  it('leave nothing of what a client says of itself in the context, in any host mode', async () => {
    const anonymous = await get('/health', claimsOfOneself);
    expect(anonymous.status).toBe(200);
    const known = await get('/invoices/7', [...claimsOfOneself, carrier]);
    expect(JSON.parse(known.body)).toMatchObject({ user: { subject: 'entra:ada', clientAddress: '203.0.113.7' } });
    expect(anonymous.body + known.body).not.toContain('spoofed');
  });
});
