import { consumerNode, consumerPackages, consumerPath, describeWithConsumers } from '../support/consumers';
import { APP, POLICY, TESTS } from './consumer-app';
import { createProject, pack, type Project, type Tarball } from './project';

/** The lowest of each line that `engines` names, and the newest that was there. */
const NODES = ['20.19.0', '22.12.0', '24.0.0', '26.10.0'];
const EXPRESSES = ['express-4-lowest', 'express-4-highest', 'express-5-lowest', 'express-5-highest'];

/** One request that passes, one that may not, one without identity, on each Express in turn. */
const SMOKE = `
const { baton, currentUser, requirePermission } = require('iis-baton');
const { createTestGateway, testUser } = require('iis-baton/testing');

const quiet = { error() {}, warn() {}, info() {}, debug() {} };
const gateway = createTestGateway({ policy: 'baton.policy.json' });

async function statuses(express) {
  const app = express();
  app.use(baton({ policy: gateway.policy, logger: quiet }));
  app.get('/invoices/:id', (req, res) => res.json({ reader: currentUser().subject }));
  app.post('/invoices/:id/approve', requirePermission('invoice:approve'), (req, res) => res.json({ ok: true }));
  const server = app.listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const base = 'http://127.0.0.1:' + server.address().port;
  const headers = await gateway.headers(testUser({ subject: 'entra:ada', roles: ['clerk'] }));
  const read = await fetch(base + '/invoices/7', { headers });
  const approved = await fetch(base + '/invoices/7/approve', { method: 'POST', headers });
  const nobody = await fetch(base + '/invoices/7');
  const answer = [read.status, (await read.json()).reader, approved.status, nobody.status];
  server.closeAllConnections();
  server.close();
  return answer;
}

async function main() {
  const answers = {};
  for (const name of process.argv.slice(2)) answers[name] = await statuses(require(name));
  console.log(JSON.stringify({ node: process.versions.node, answers }));
}
main();
`;

let tarball: Tarball;
let project: Project;
beforeAll(() => {
  tarball = pack();
  project = createProject(tarball);
  project.link('jose', 'winston');
  for (const name of EXPRESSES) project.linkTo(consumerPath(name), name);
  project.linkTo(consumerPath(EXPRESSES.at(-1)!), 'express');
  project.write('baton.policy.json', JSON.stringify(POLICY));
});
afterAll(() => {
  project.remove();
  tarball.remove();
});

describeWithConsumers('the package', () => {
  it.each(NODES)('serves every Express on Node %s', (version) => {
    expect(consumerPackages('express-')).toEqual([...EXPRESSES].sort());
    project.write('smoke.cjs', SMOKE);
    const { status, stdout, stderr } = project.run(consumerNode(version), 'smoke.cjs', ...EXPRESSES);
    expect(status === 0 ? '' : stderr).toBe('');
    expect(JSON.parse(stdout)).toEqual({
      node: version,
      answers: Object.fromEntries(EXPRESSES.map((name) => [name, [200, 'entra:ada', 403, 401]])),
    });
  });

  it('is tested in Vitest as in Jest', () => {
    project.write('app.js', APP);
    project.write('baton.test.mjs', esModule(TESTS));
    // This Vitest asks for Node 22.12.
    const { status, stdout, stderr } = project.run(
      consumerNode('22.12.0'),
      consumerPath('vitest', 'vitest.mjs'),
      'run',
      '--root',
      project.directory,
    );
    expect(status === 0 ? '' : `${stdout}${stderr}`).toBe('');
    expect(stdout).toMatch(/5 passed/);
  });

  it('has nothing that arethetypeswrong complains about, for any resolver', () => {
    const cli = consumerPath('@arethetypeswrong', 'cli', 'dist', 'index.js');
    const { status, stdout } = project.node(cli, tarball.file, '--format', 'json');
    const { problems } = JSON.parse(stdout) as { readonly problems?: unknown };
    expect(problems).toEqual({});
    expect(status).toBe(0);
  });
});

/** The same tests as an ES module, which is what Vitest takes. */
function esModule(tests: string): string {
  const imports = tests.replace(
    /^const (\{[^}]+\}) = require\(('[^']+')\);$/gm,
    (_line, names: string, from: string) => {
      const file = from.startsWith("'./") ? from.replace(/'$/, ".js'") : from;
      return `import ${names} from ${file};`;
    },
  );
  return `import { expect, test } from 'vitest';\n${imports}`;
}
