import path from 'node:path';
import { createProject, pack, root, type Project, type Tarball } from './project';

const SUBPATHS = [
  'authorizer',
  'context',
  'doctor',
  'errors',
  'function',
  'iis',
  'logging',
  'offload',
  'policy',
  'testing',
].map((name) => `iis-baton/${name}`);
const ENTRIES = ['iis-baton', ...SUBPATHS];

/** Packages that must stay unloaded until something needs them. */
const HEAVY = [
  '@aws-sdk/client-lambda',
  '@smithy/signature-v4',
  '@xmldom/xmldom',
  'ajv',
  'cockatiel',
  'express',
  'ioredis',
  'jose',
  'oidc-provider',
  'winston',
  'yaml',
];

let tarball: Tarball;
let project: Project;
beforeAll(() => {
  tarball = pack();
  project = createProject(tarball);
  project.link('jose', 'winston');
});
afterAll(() => {
  project.remove();
  tarball.remove();
});

describe.each(ENTRIES)('%s', (entry) => {
  it('gives require() and import the same names and the same things', () => {
    const script = `
      const required = require('${entry}');
      import('${entry}').then((imported) => {
        const names = Object.keys(imported).filter((name) => name !== 'default' && name !== 'module.exports' && name !== '__esModule');
        const same = names.every((name) => imported[name] === required[name]);
        console.log(JSON.stringify({ required: Object.keys(required).sort(), imported: names.sort(), same }));
      });`;
    const { required, imported, same } = project.json('names.cjs', script) as Record<string, string[] | boolean>;
    expect(imported).toEqual(required);
    expect(imported).not.toEqual([]);
    expect(same).toBe(true);
  });
});

describe('loading', () => {
  /** Stand-ins that only say that they were loaded, by whichever loader. */
  function trapped(): Project {
    const consumer = createProject(tarball);
    for (const name of HEAVY) {
      const folder = `node_modules/${name}`;
      consumer.write(`${folder}/package.json`, JSON.stringify({ name, version: '1.0.0', main: 'index.cjs' }));
      consumer.write(`${folder}/index.cjs`, `(globalThis.loaded ??= []).push('${name}');`);
    }
    return consumer;
  }

  it('touches none of the heavy packages', () => {
    const consumer = trapped();
    const requires = ENTRIES.map((entry) => `require('${entry}');`).join('\n');
    expect(consumer.json('quiet.cjs', `${requires}\nconsole.log(JSON.stringify(globalThis.loaded ?? []));`)).toEqual(
      [],
    );
    const imports = ENTRIES.map((entry) => `import '${entry}';`).join('\n');
    expect(consumer.json('quiet.mjs', `${imports}\nconsole.log(JSON.stringify(globalThis.loaded ?? []));`)).toEqual([]);
    consumer.remove();
  });

  it('is measured by traps that do snap', () => {
    const consumer = trapped();
    const script = `${HEAVY.map((name) => `require('${name}');`).join('\n')}\nconsole.log(JSON.stringify(globalThis.loaded));`;
    expect(consumer.json('loud.cjs', script)).toEqual(HEAVY);
    consumer.remove();
  });

  it('works before any peer is installed', () => {
    const bare = createProject(tarball);
    expect(bare.json('bare.cjs', "require('iis-baton'); console.log(JSON.stringify('loaded'));")).toBe('loaded');
    bare.remove();
  });

  it.each(['dist/index.js', 'dist/core/errors', 'core/errors', 'src/index', 'jws'])('keeps %s private', (inside) => {
    const script = `try { require('iis-baton/${inside}'); } catch (error) { console.log(JSON.stringify(error.code)); }`;
    expect(project.json('private.cjs', script)).toBe('ERR_PACKAGE_PATH_NOT_EXPORTED');
  });

  it('gives the schema and the manifest by name', () => {
    const script =
      "console.log(JSON.stringify([require('iis-baton/policy.schema.json').title, require('iis-baton/package.json').name]));";
    expect(project.json('data.cjs', script)).toEqual([expect.any(String), 'iis-baton']);
  });
});

describe('a Jest project', () => {
  it('loads iis-baton without any setting', () => {
    const consumer = createProject(tarball);
    consumer.link('jose', 'winston');
    const loads = ENTRIES.map((entry) => `  expect(Object.keys(require('${entry}'))).not.toEqual([]);`).join('\n');
    consumer.write('baton.test.js', `test('loads', () => {\n${loads}\n});`);
    const jest = path.join(root, 'node_modules', 'jest', 'bin', 'jest.js');
    const { status, stderr } = consumer.node(jest, '--rootDir', consumer.directory, '--watchman=false');
    expect(stderr).toContain('1 passed');
    expect(status).toBe(0);
    consumer.remove();
  });
});
