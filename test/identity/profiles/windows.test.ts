import express from 'express';
import type { VerifiedCaller, WindowsSignIn } from '../../../src/identity/assertion';
import { createEdge, type Edge } from '../../../src/identity/edge';
import { identity } from '../../../src/index';
import { compilePolicy } from '../../../src/policy/policy';
import { appWith, listen, rawRequest } from '../../middleware/apps';
import { codeOf, thrownBy } from '../../support/errors';
import { testClock as clock } from '../../support/invoices';
import { problemsOf } from '../../support/policies';
import { NOW } from '../../support/tokens';

const document = {
  application: 'invoices',
  edge: { profile: 'windows' },
  roles: {
    clerk: { members: ['windows:CORP\\bob'], permissions: ['invoice:read'] },
    barred: { members: ['windows:CORP\\eve'], deny: ['invoice:read'] },
  },
  routes: [{ method: 'GET', path: '/invoices/{id}', permission: 'invoice:read' }],
};
const policy = compilePolicy(document);
const windows: WindowsSignIn = { promotedVariable: 'LOGON_USER', clientCopiesDenied: true };
let edge: Edge;
beforeEach(() => (edge = createEdge(policy, { clock, windows })));
const NAME = 'X-iisnode-LOGON_USER';

describe('the edge windows', () => {
  it('gives the account that IIS signed in, in one spelling', async () => {
    const caller = await edge.verify(['Host', 'app', 'X-Forwarded-For', '203.0.113.7', NAME, 'corp\\Bob']);
    expect(caller?.identity).toMatchObject({
      subject: 'windows:CORP\\bob',
      name: 'CORP\\bob',
      tenant: 'CORP',
      kind: 'user',
      roles: ['clerk'],
      edge: { profile: 'windows', issuer: 'iis' },
      expiresAt: NOW + 300,
    });
    expect(caller?.transaction).toMatchObject({ sub: 'windows:CORP\\bob', rctx: { idp: 'windows' } });
  });

  it.each([
    ['is not there', ['Host', 'app']],
    ['is empty, as with anonymous authentication', [NAME, '']],
    ['is another variable', ['X-iisnode-AUTH_TYPE', 'Negotiate']],
  ])('gives nobody where the variable %s', (_name, headers) => {
    expect(edge.verify(headers)).toBeUndefined();
  });

  it('takes it from anywhere in iisnode’s own block', () => {
    const headers = ['Host', 'app', 'X-iisnode-HTTPS', 'on', NAME, 'CORP\\bob', 'X-iisnode-AUTH_TYPE', 'NTLM'];
    expect(edge.verify(headers)).toMatchObject({ identity: { subject: 'windows:CORP\\bob' } });
  });

  it.each([
    ['a client’s copy beside the real one', 'duplicate', [NAME, 'CORP\\admin', 'Accept', '*/*', NAME, 'CORP\\bob']],
    ['a client’s copy beside an empty one', 'duplicate', [NAME, 'CORP\\admin', NAME, '']],
    ['two that Node joined', 'duplicate', [NAME, 'CORP\\admin, CORP\\bob']],
    ['a copy before other headers: none was promoted', 'position', [NAME, 'CORP\\bob', 'Accept', '*/*']],
    ['a copy before X-Forwarded-For, which iisnode adds', 'position', [NAME, 'CORP\\bob', 'X-Forwarded-For', '::1']],
    ['the spelling of CGI', 'look_alike', ['X-iisnode-LOGON-USER', 'CORP\\bob']],
    ['one that Connection names', 'hop_by_hop', ['Connection', NAME, NAME, 'CORP\\bob']],
    ...[
      'bob',
      'CORP\\',
      '\\bob',
      'bob@corp.example',
      'CORP\\bob\\x',
      'CORP\\b?b',
      'CORP\\b*b',
      'CORP/bob',
      ' ',
      'CORP\\b\x80b',
    ].map((value): [string, string, string[]] => [`the account ${JSON.stringify(value)}`, 'malformed', [NAME, value]]),
  ])('refuses %s', async (_name, reason, headers) => {
    expect(await thrownBy(() => edge.verify(headers))).toMatchObject({ code: 'identity_header_invalid', reason });
  });

  it('keeps letters of Western Europe, as the ANSI code page has them', () => {
    expect(edge.verify([NAME, 'CORP\\J\xd6RG'])).toMatchObject({ identity: { subject: 'windows:CORP\\jörg' } });
  });
});

it('the edge windows goes by the machine’s clock where it is given none', () => {
  const before = Math.floor(Date.now() / 1000);
  const verdict = createEdge(policy, { windows }).verify([NAME, 'CORP\\bob']) as VerifiedCaller;
  expect(verdict.identity.expiresAt).toBeGreaterThanOrEqual(before + 300);
  expect(verdict.identity.expiresAt).toBeLessThanOrEqual(Date.now() / 1000 + 300);
});

it.each<WindowsSignIn['promotedVariable']>(['LOGON_USER', 'AUTH_USER', 'REMOTE_USER'])(
  'the edge windows reads %s where that is promoted, and no other',
  (promotedVariable) => {
    const own = createEdge(policy, { clock, windows: { ...windows, promotedVariable } });
    const others = ['LOGON_USER', 'AUTH_USER', 'REMOTE_USER'].filter((name) => name !== promotedVariable);
    const [one, other] = others.map((name) => [`X-iisnode-${name}`, 'CORP\\eve']);
    expect(own.verify([...one!, `X-iisnode-${promotedVariable}`, 'CORP\\bob', ...other!])).toMatchObject({
      identity: { subject: 'windows:CORP\\bob' },
    });
  },
);

describe('the start with the edge windows', () => {
  it.each([
    ['without being told', undefined, 'option_invalid'],
    ['with a variable that names nobody', { ...windows, promotedVariable: 'HTTPS' }, 'option_invalid'],
    ['where clients’ copies are let through', { ...windows, clientCopiesDenied: false }, 'option_invalid'],
    ['where nobody says', { promotedVariable: 'LOGON_USER' }, 'option_invalid'],
    ['with a misspelt option', { ...windows, variable: 'LOGON_USER' }, 'option_unknown'],
  ])('fails %s', async (_name, option, code) => {
    const options = { clock, ...(option && { windows: option as WindowsSignIn }) };
    expect(await codeOf(() => createEdge(policy, options))).toBe(code);
  });

  it.each([
    ['corp\\bob', '"windows:CORP\\\\bob"'],
    ['CORP\\Bob', '"windows:CORP\\\\bob"'],
    ['bob', '"windows:DOMAIN\\\\user"'],
  ])('wants members in the one spelling: %s would match nobody', (account, meant) => {
    const roles = { clerk: { members: [`windows:${account}`] } };
    expect(problemsOf({ ...document, roles })).toEqual([
      { pointer: '/roles/clerk/members/0', message: `must be written ${meant}` },
    ]);
  });
});

describe('the middleware with the edge windows', () => {
  const version = process.env.IISNODE_VERSION;
  afterEach(() => {
    if (version === undefined) delete process.env.IISNODE_VERSION;
    else process.env.IISNODE_VERSION = version;
  });

  it('does not start but on iisnode', async () => {
    delete process.env.IISNODE_VERSION;
    const error = await thrownBy(() => identity({ policy, windows }));
    expect(error).toMatchObject({ code: 'option_invalid', message: expect.stringContaining('standalone') as string });
  });

  it.each([
    ['CORP\\bob', 200],
    ['CORP\\eve', 403],
    ['', 401],
    ['bob', 400],
  ])('answers %j with %i', async (account, status) => {
    process.env.IISNODE_VERSION = '0.2.26';
    const port = await listen(appWith(express, { policy, clock, windows }).app);
    expect((await rawRequest(port, 'GET /invoices/7', [`${NAME}: ${account}`])).status).toBe(status);
  });
});
