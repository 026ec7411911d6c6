import path from 'node:path';
import { consumerPath, describeWithConsumers } from '../support/consumers';
import { APP, POLICY, TESTS } from './consumer-app';
import { createProject, pack, root, type Project, type Tarball } from './project';

/** Jest's own `require` cannot load jose, which is published as ES modules only: what makes all this worth a test. */
const NO_JOSE = `
test('jose cannot be loaded here', () => {
  expect(() => require('jose')).toThrow();
});
`;

let tarball: Tarball;
let project: Project;
beforeAll(() => {
  tarball = pack();
  project = createProject(tarball);
  project.link('express', 'jose', 'winston');
  project.write('app.js', APP);
  project.write('baton.policy.json', JSON.stringify(POLICY));
  project.write('baton.test.js', `${TESTS}${NO_JOSE}`);
});
afterAll(() => {
  project.remove();
  tarball.remove();
});

function expectSixTests(jest: string): void {
  const { status, stderr } = project.node(jest, '--rootDir', project.directory, '--watchman=false');
  expect(status === 0 ? '' : stderr).toBe('');
  expect(stderr).toContain('6 passed, 6 total');
}

it('a Jest project without any setting tests its app with users and tokens', () => {
  expectSixTests(path.join(root, 'node_modules', 'jest', 'bin', 'jest.js'));
});

describeWithConsumers('as Jest', () => {
  it.each(['jest-29', 'jest-30'])('%s does', (version) => {
    expectSixTests(consumerPath(version, 'bin', 'jest.js'));
  });
});
