import type { RequestHandler } from 'express';
import { authorize, baton, currentUser, identity, problemHandler, requireRole } from '../../src/index';
import { currentRecord } from '../../src/context/storage';
import { compilePolicy } from '../../src/policy/policy';
import { clock, document, EXPRESSES, listen, memoryLog, policyOf, rawRequest, tokenOf } from './apps';

/** The same names for other people, whom another gateway vouches for: by another header. */
const inner = compilePolicy({
  ...document,
  application: 'orders',
  edge: {
    profile: 'unsigned',
    header: 'X-Claims',
    encoding: 'json',
    claims: { subject: '/sub', roles: '/roles' },
    provider: 'mesh',
  },
  roles: { approver: { members: ['mesh:Approvers'] } },
  actors: {},
  routes: [
    { path: '/open', public: true },
    { path: '/admin', role: 'approver' },
  ],
});

describe.each(EXPRESSES)('an application with another policy below the first, on %s', (_, express) => {
  async function start(): Promise<number> {
    const { logger } = memoryLog();
    const unsafelyTrustUnsignedHeader = 'X-Claims';
    const app = express();
    app.use(
      baton({
        policy: policyOf({ routes: [{ path: '/{all+}', authenticated: true }] }),
        clock,
        logger,
      }) as RequestHandler,
    );
    app.use(
      identity({ policy: inner, clock, unsafelyTrustUnsignedHeader }) as RequestHandler,
      authorize() as RequestHandler,
    );
    app.get('/admin', requireRole('approver') as RequestHandler);
    app.use((req, res) => {
      const handedOn = currentRecord()?.transaction?.sub;
      res.json({ user: req.user?.subject, current: currentUser()?.subject, handedOn });
    });
    app.use(problemHandler() as never);
    return listen(app);
  }
  const outer = `Txn-Token: ${tokenOf({ roles: ['approver'] })}`;
  const mesh = (roles: readonly string[]): string => `X-Claims: ${JSON.stringify({ sub: 'bob', roles })}`;

  it('does not take the first one’s caller for its own, nor for nobody’s roles', async () => {
    const port = await start();
    expect((await rawRequest(port, 'GET /admin', [outer])).status).toBe(401);
    const open = await rawRequest(port, 'GET /open', [outer]);
    expect([open.status, JSON.parse(open.body)]).toEqual([200, {}]);
  });

  it('goes by the caller that its own edge names', async () => {
    const port = await start();
    const approved = await rawRequest(port, 'GET /admin', [outer, mesh(['Approvers'])]);
    const bob = 'mesh:bob';
    expect([approved.status, JSON.parse(approved.body)]).toEqual([200, { user: bob, current: bob, handedOn: bob }]);
    expect((await rawRequest(port, 'GET /admin', [outer, mesh([])])).status).toBe(403);
  });
});
