import path from 'node:path';
import { runNode } from '../support/processes';

jest.setTimeout(30_000);

const demo = path.join(__dirname, '..', '..', 'examples', 'entra', 'demo.js');

interface Shown {
  readonly rows: readonly { readonly name: string; readonly status: number; readonly body: Record<string, unknown> }[];
  readonly audit: readonly Record<string, unknown>[];
  readonly exchanges: readonly Record<string, unknown>[];
  readonly tokensInLogs: number;
}

it('examples/entra: function and user reach an API of Entra without a secret, each as who they are', async () => {
  const { stdout, stderr, exit } = await runNode([demo, '--json']);
  expect({ exit, stderr }).toEqual({ exit: 0, stderr: expect.not.stringContaining('Error') });
  const { rows, audit, exchanges, tokensInLogs } = JSON.parse(stdout) as Shown;
  const asRob = { subject: 'entra:rob-oid', kind: 'user', roles: [], scopes: ['Archive.Read'] };
  const asFunction = { subject: 'entra:archive-invoice', kind: 'application', roles: ['writer'], scopes: [] };
  expect(rows.map(({ status, body }) => [status, body.seenByArchive ?? body.code])).toEqual([
    [200, asFunction],
    [403, 'permission_denied'],
    [200, asRob],
    [200, asRob],
    [401, 'token_invalid'],
  ]);
  expect(rows[0]!.body.archivedFor).toBe('entra:carla-oid');
  // Two reads of rob's are one exchange.
  expect(exchanges.map(({ clientId, aadsts }) => [clientId, aadsts])).toEqual([
    ['archive-invoice', 0],
    ['invoices', 0],
  ]);
  const exchanged = audit.map(({ client, flow, subject, outcome }) => [client, flow, subject, outcome]).sort();
  expect(exchanged).toEqual([
    ['archive-invoice', 'application', 'entra:carla-oid', 'allowed'],
    ['invoices', 'on_behalf_of', 'entra:rob-oid', 'allowed'],
  ]);
  expect(tokensInLogs).toBe(0);
});
