import { rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { BATON, temporaryFolder } from '../support/example';
import { policyDocument } from '../support/policies';
import { runNode } from '../support/processes';
import { PROVIDER_ISSUER } from '../support/tokens';

let folder: string;
beforeAll(() => {
  folder = temporaryFolder();
  const write = (name: string, content: unknown): void =>
    writeFileSync(path.join(folder, name), typeof content === 'string' ? content : JSON.stringify(content));
  const document = policyDocument() as { edge: object; roles: { clerk: object; approver: object } };
  const { clerk, approver } = document.roles;
  const sound = { ...document, application: '${APP}', roles: { clerk, approver } };
  write('policy.json', sound);
  write('odd.json', policyDocument());
  write('broken.json', policyDocument({ application: '', unlistedRoutes: 'open' }));
  write('next.json', { ...sound, roles: { clerk, approver: { ...approver, permissions: [] } } });
  const { edge, actors } = sound as unknown as { edge: object; actors: Record<string, object> };
  const copilot = { ...actors['invoice-copilot'], members: ['entra:x'] };
  const elsewhere = { ...edge, issuer: 'https://elsewhere.example' };
  write('elsewhere.json', { ...sound, edge: elsewhere, actors: { ...actors, 'invoice-copilot': copilot } });
  write('hostile.json', String.raw`{"roles":{"\u001b[2K\n":{},"\u001b[2K\n":{}}}`);
  write('app.env', 'APP=invoices\n');
  const claims = { iss: PROVIDER_ISSUER, oid: '7d3c', tid: 't1', roles: ['Invoices.Approver'], scp: 'a b' };
  write('claims.json', claims);
  write('overage.json', { ...claims, roles: undefined, _claim_names: { roles: 'src1' } });
  const expectations = [
    { caller: 'clerk', request: 'GET /invoices/7', outcome: 'allowed' },
    { caller: 'clerk', request: 'POST /invoices/7/approve', outcome: 'denied', reason: 'permission_missing' },
  ];
  write('table.json', { callers: { clerk: { roles: ['clerk'] } }, expectations });
  const render = '{ Type: Task, Resource: "arn:aws:states:::sqs:sendMessage", End: true }';
  write('flow.asl.yaml', `# as SAM takes it\nStartAt: Render\nStates:\n  Render: ${render}\n`);
  write('bent.json', { StartAt: 'Nowhere', States: {} });
  const approve = { target: 'arn:aws:states:eu-west-1:123456789012:stateMachine:a', permission: 'invoice:read' };
  write('flows.json', { ...sound, workflows: { approve: { ...approve, definition: 'flow.asl.yaml' } } });
  write('wrong.json', { callers: { clerk: 'anonymous' }, expectations });
});
afterAll(() => rmSync(folder, { recursive: true }));

const baton = (line: string, env: Record<string, string> = { APP: 'invoices' }) =>
  runNode([BATON, 'policy', ...line.split(' ')], { cwd: folder, env });

const explain = 'explain --policy policy.json';

it.each<[string, number, RegExp]>([
  ['--help', 0, /^Usage: baton policy <check\|explain\|test\|diff>[^]*\n {2}check [^]*\n {2}diff /],
  ['check --help', 0, /^Usage: baton policy check <file>/],
  ['explain --help', 0, /^Usage: baton policy explain <method> <path>/],
  ['test -h', 0, /^Usage: baton policy test <file> <table>/],
  ['diff -h', 0, /^Usage: baton policy diff <old> <new>/],
  [
    'check policy.json',
    0,
    /^note +\/routes\/0: \* \/health is open to everybody\n0 problem\(s\), 0 warning\(s\), 1 note\(s\)\ndigest sha256-/,
  ],
  ['check policy.json --strict', 0, /0 warning/],
  [
    'check flows.json',
    0,
    /\nwarning +approve#\/States\/Render: is not tried again[^]*\n0 problem\(s\), 3 warning\(s\), 1 note/,
  ],
  ['check flows.json --strict', 1, /3 warning/],
  [
    'check flows.json --asl approve=bent.json',
    1,
    /\nproblem +approve#: is no Amazon States Language: [^]*\n2 problem\(s\), 0/,
  ],
  [
    'check flows.json --asl bent.json --json',
    1,
    /"valid": false,[^]*"workflow": "approve",[^]*"code": "definition_invalid"/,
  ],
  ['check hostile.json', 1, /^problem +\/roles\/\\u001b\[2K\\u000a: is given twice\n1 problem/],
  ['check odd.json', 0, /^warning +\/roles\/auditor: nobody has the role "auditor"/],
  ['check odd.json --strict', 1, /1 warning/],
  ['check broken.json', 1, /^problem +\/application: .*\nproblem +\/unlistedRoutes: .*\n2 problem\(s\)/],
  [
    `${explain} GET /invoices/7 --roles approver`,
    0,
    /^ALLOWED: [^]*entry: \/routes\/1 GET \/invoices\/\{id\}\n {2}holds {2}permission invoice:read \(by approver → clerk\)/,
  ],
  [`${explain} GET /invoices/7?x=1 --members entra:Invoices.Clerk`, 0, /^ALLOWED: /],
  [
    `${explain} post /invoices/7/approve --roles clerk`,
    3,
    /^DENIED: no role of the caller grants invoice:approve \[permission_missing\][^]*these roles would do: approver/,
  ],
  [`${explain} GET /invoices/7`, 3, /^DENIED: the caller is anonymous/],
  [
    `${explain} POST /invoices/7/approve --roles approver --actor invoice-copilot`,
    3,
    /may not have invoice:approve \[actor_limited\]/,
  ],
  [`${explain} GET /invoices/7 --user claims.json`, 0, /caller: entra:7d3c, roles: approver\n/],
  [`${explain} GET /invoices/7 --user claims.json --provider entra`, 0, /^ALLOWED/],
  [`${explain} GET /invoices/7 --roles wizard`, 3, /not in the policy: wizard/],
  ['test policy.json table.json', 0, /^2 as expected, 0 not\nno expectation is decided by \/routes\/0\n$/],
  [
    'test policy.json wrong.json',
    1,
    /^FAILED \/expectations\/0: clerk, GET \/invoices\/7\n {2}expected allowed\n {2}the policy says denied, identity_missing, by \/routes\/1\n[^]*0 as expected, 2 not/,
  ],
  ['diff policy.json policy.json', 0, /^nobody gains or loses anything\n$/],
  [
    'diff policy.json elsewhere.json --exit-code',
    1,
    /^- entra:invoice-copilot loses acting as invoice-copilot\n\+ entra:x gains acting as invoice-copilot\n~ \/edge\/issuer is "https:\/\/elsewhere.example" instead of "[^"]*"\n$/,
  ],
  [
    'diff policy.json next.json',
    0,
    /^- role approver loses permission invoice:approve\n- role approver loses POST \/invoices\/\{id\}\/approve\n$/,
  ],
  ['diff policy.json next.json --exit-code', 1, /loses/],
  ['diff next.json policy.json --exit-code', 1, /^\+ role approver gains/],
])('baton policy %s ends with %i and says so', async (line, code, said) => {
  const { exit, stdout, stderr } = await baton(line);
  expect({ exit, stderr }).toEqual({ exit: code, stderr: '' });
  expect(stdout).toMatch(said);
});

it.each<[string, number, string]>([
  ['chekc policy.json', 2, 'The subcommand "chekc" is not known here; did you mean "check"?'],
  ['constructor', 2, 'The subcommand "constructor" is not known here'],
  ['check', 2, 'The <file> is missing.'],
  ['check gone.json', 1, 'There is no policy file at '],
  ['check flows.json --asl aprove=bent.json', 2, 'did you mean "approve"?'],
  ['check policy.json --asl flow.json', 2, 'say of which workflow it is'],
  ['check flows.json --asl gone.json', 1, 'gone.json cannot be read'],
  ['explain GET /invoices/7', 2, 'No policy is named: give --policy, or set BATON_POLICY.'],
  [`${explain} GET invoices`, 2, 'The path must begin with a slash'],
  [`${explain} GET /a --roles clerk --user claims.json`, 2, '--user says everything of the caller'],
  [`${explain} GET /a --provider entra`, 2, '--provider is for the claims that --user names.'],
  [
    `${explain} GET /a --user claims.json --provider entre`,
    2,
    'The identity provider "entre" is not known here; did you mean "entra"?',
  ],
  [`${explain} GET /a --members Invoices.Clerk`, 2, '--members takes provider:value, not "Invoices.Clerk".'],
  [`${explain} GET /a --members entre:x`, 2, 'The identity provider "entre" is not known here; did you mean "entra"?'],
  [`${explain} GET /a --roles clerk --roles approver`, 2, '--roles is given twice.'],
  [`${explain} GET /a --user policy.json`, 2, 'name it with --provider'],
  [`${explain} GET /a --user table.jsn`, 1, 'table.jsn cannot be read'],
  [`${explain} GET /a --user app.env`, 1, 'app.env is not JSON'],
  [`${explain} GET /a --user overage.json`, 1, 'leaves out the claim at /roles'],
  [`${explain} GET /a --signed-in soon`, 2, '--signed-in must be a whole number of seconds, not "soon".'],
  ['test policy.json policy.json', 1, 'policy.json is no table of expectations:'],
  ['diff hostile.json policy.json', 1, '/roles/\\u001b[2K'],
  ['diff policy.json broken.json', 1, 'broken.json has 2 problems:'],
])('baton policy %s ends with %i and why', async (line, code, said) => {
  const { exit, stdout, stderr } = await baton(line);
  expect({ exit, stdout }).toEqual({ exit: code, stdout: '' });
  expect(stderr).toContain(said);
  expect(stderr).not.toMatch(/^ {4}at /m);
});

it('fills names from the file that is named, and then not from the environment', async () => {
  const [none, own, file, fileOnly] = await Promise.all([
    baton('check policy.json', {}),
    baton('check policy.json'),
    baton('check policy.json --env-file app.env', {}),
    baton('check policy.json --env-file claims.json'),
  ]);
  expect([none, own, file, fileOnly].map(({ exit }) => exit)).toEqual([1, 0, 0, 1]);
  expect(none.stdout).toContain('/application: the environment variable APP is not set');
  expect([none, own, file, fileOnly].map(({ stdout }) => stdout.includes('with --env-file'))).toEqual([
    true,
    false,
    false,
    false,
  ]);
});

it('fails where that file is not there', async () => {
  const { exit, stdout, stderr } = await baton('check policy.json --env-file gone.env');
  // Node 20 takes the option for its own wherever it stands, and then ends with 9.
  expect([1, 9]).toContain(exit);
  expect({ stdout, names: stderr.includes('gone.env') }).toEqual({ stdout: '', names: true });
});

it('takes the policy of BATON_POLICY', async () => {
  const { exit } = await baton('explain GET /health', { APP: 'x', BATON_POLICY: 'policy.json' });
  expect(exit).toBe(0);
});

it.each<[string, object]>([
  [
    'check odd.json',
    {
      valid: true,
      problems: [],
      findings: [
        { code: 'role_unheld', level: 'warning', names: ['auditor'] },
        { code: 'route_public', level: 'note' },
      ],
    },
  ],
  ['check broken.json', { valid: false, problems: [{ pointer: '/application' }, {}], findings: [] }],
  [
    `${explain} GET /invoices/7 --roles clerk`,
    { decision: { allowed: true, rule: '/routes/1' }, conditions: [{ chain: ['clerk'] }] },
  ],
  [
    'test policy.json table.json',
    { passed: 2, failed: 0, results: [{ passed: true }, {}], untestedRoutes: ['/routes/0'] },
  ],
  [
    'diff policy.json next.json',
    { rights: [{ change: 'loses', who: { kind: 'role', name: 'approver' } }, {}], narrowings: [] },
  ],
])('baton policy %s --json is data', async (line, data) => {
  const { stdout } = await baton(`${line} --json`);
  expect(JSON.parse(stdout)).toMatchObject(data);
});
