import { writeFileSync } from 'node:fs';
import { planFor } from '../../src/scaffold/plan-for';
import { readProject, type AppProject } from '../../src/scaffold/project';
import { findRoutes } from '../../src/scaffold/routes';
import { appFolder, GENERATED_APP, MODULE_APP, SINGLE_FILE_APP, type AppFolder } from '../support/app-folder';

const made: AppFolder[] = [];
afterEach(() => made.splice(0).forEach((one) => one.remove()));

function project(files: Readonly<Record<string, string>>): AppProject {
  const app = appFolder(files);
  made.push(app);
  return readProject(app.folder);
}

const manifest = (members: object): string => JSON.stringify({ name: 'x', ...members });
const APP = `const express = require('express');\nconst app = express();\napp.get('/a', (q, s) => s.end());\nmodule.exports = app;\n`;

it.each([
  ['the generator', GENERATED_APP, { entry: 'bin/www', appPath: 'app.js', name: 'invoice-desk', express: 5 }],
  ['one file', SINGLE_FILE_APP, { entry: 'server.js', appPath: 'server.js', name: 'single', express: 4 }],
  ['ES modules', MODULE_APP, { entry: 'src/main.js', appPath: 'src/app.js', name: 'modern', esModules: true }],
  [
    'nothing but a usual name',
    { 'package.json': manifest({}), 'index.js': APP },
    { entry: 'index.js', appPath: 'index.js' },
  ],
  [
    'a start script with flags and an environment',
    {
      'package.json': manifest({
        scripts: { start: 'NODE_ENV=production node --enable-source-maps ./lib/x.js --port 1' },
      }),
      'lib/x.js': APP,
    },
    { entry: 'lib/x.js', appPath: 'lib/x.js' },
  ],
  [
    'TypeScript that is not built yet',
    {
      'package.json': manifest({ main: 'dist/server.js' }),
      'src/server.ts': APP.replace('const app', 'const app: unknown'),
    },
    { entry: 'dist/server.js', appPath: 'src/server.ts' },
  ],
  [
    'a scope and capitals in the name',
    { 'package.json': manifest({ name: '@Contoso/Invoice_Desk' }), 'app.js': APP },
    { name: 'invoice-desk' },
  ],
  [
    'no app that can be seen',
    { 'package.json': manifest({}), 'app.js': `module.exports = make();` },
    { appPath: undefined },
  ],
])('%s', (_what, files, expected) => {
  expect(project(files)).toMatchObject(expected);
});

it.each([
  ['UTF-16, as Windows PowerShell writes it', (text: string) => Buffer.from(`\uFEFF${text}`, 'utf16le')],
  ['UTF-8 with a mark, as Notepad writes it', (text: string) => Buffer.from(`\uFEFF${text}`)],
])('files in %s', (_what, encode) => {
  const app = appFolder({});
  made.push(app);
  const text = manifest({ name: 'désk', dependencies: { express: '^5.1.0' } });
  writeFileSync(app.pathOf('package.json'), encode(text));
  writeFileSync(app.pathOf('app.js'), encode(APP));
  expect(readProject(app.folder)).toMatchObject({ name: 'd-sk', appPath: 'app.js', express: 5 });
});

it.each([
  ['no package.json', { 'app.js': APP }, 'There is no package.json'],
  ['a package.json that is no JSON', { 'package.json': '{' }, 'is not JSON'],
  ['nothing to start', { 'package.json': manifest({}) }, 'There is no file to start'],
])('%s is said', (_what, files, said) => {
  expect(() => project(files)).toThrow(
    expect.objectContaining({ code: 'option_invalid', message: expect.stringContaining(said) }),
  );
});

describe('routes', () => {
  const routesOf = (files: Readonly<Record<string, string>>) => {
    const { routes, skipped } = findRoutes(project(files), 'desk');
    const lines = routes.map(
      ({ method = '*', path, isPublic, permission }) => `${method} ${path} ${isPublic ? 'public' : permission}`,
    );
    return { lines, skipped };
  };
  const routesIn = (source: string) => routesOf({ 'package.json': manifest({}), 'app.js': source });
  const inApp = (...lines: string[]) =>
    routesIn([`const express = require('express');`, 'const app = express();', ...lines].join('\n'));

  it('of routers in files of their own, below where they are mounted', () => {
    expect(routesOf(GENERATED_APP)).toEqual({
      lines: [
        'GET / desk:read',
        'GET /health public',
        'GET /invoices invoices:read',
        'GET /invoices/{id} invoices:read',
        'PUT /invoices/{id} invoices:write',
      ],
      skipped: [],
    });
    expect(routesOf(MODULE_APP).lines).toEqual(['GET /items items:read']);
  });

  it.each<[string, string[], string[]]>([
    [
      'a router in the same file',
      [`const api = express.Router();`, `app.use('/api/v1', api);`, `api.delete('/users/:id', f);`],
      ['DELETE /api/v1/users/{id} users:write'],
    ],
    [
      'route() with several methods',
      [`app.route('/books').get((q, s) => s.end()).post(f)`],
      ['GET /books books:read', 'POST /books books:write'],
    ],
    ['every method', [`app.all('/any', f);`], ['* /any any:write']],
    [
      'the rest of a path',
      [`app.get('/files/*name', f);`, `app.get('/old/*', f);`],
      ['GET /files/{name+} files:read', 'GET /old/{rest+} old:read'],
    ],
    ['settings are no routes', [`app.get('env');`, `app.get('/x', f);`], ['GET /x x:read']],
    [
      'one name for the parameters of one place',
      [`app.get('/u/:id', f);`, `app.get('/u/:name/posts', f);`],
      ['GET /u/{id} u:read', 'GET /u/{id}/posts u:read'],
    ],
    ['the same route twice', [`app.get('/x', f);`, `app.get('/x', g);`], ['GET /x x:read']],
    [
      'only health checks are open, and only to read',
      [`app.get('/healthz', f);`, `app.post('/health', f);`],
      ['GET /healthz public', 'POST /health health:write'],
    ],
    ['what comments and strings say', [`// app.get('/a', f);`, `log("app.get('/b', f)");`], ['GET / desk:read']],
    [
      'a loop of routers',
      [
        `const a = express.Router();`,
        `const b = express.Router();`,
        `app.use(a);`,
        `a.use('/b', b);`,
        `b.use('/a', a);`,
        `b.get('/x', f);`,
      ],
      ['GET /b/x b:read'],
    ],
  ])('%s', (_what, lines, expected) => {
    expect(inApp(...lines).lines).toEqual(expected);
  });

  it('says which paths it cannot say in a policy', () => {
    expect(inApp(`app.get('/a/:b-:c', f);`, `app.get('/d', f);`)).toEqual({
      lines: ['GET /d d:read'],
      skipped: ['/a/:b-:c'],
    });
  });
});

describe('the plan', () => {
  it.each([
    [{ name: 'Über' }, '--name must be lower-case'],
    [{ issuer: 'http://login' }, '--issuer must be an https URL'],
    [{ host: 'https://a' }, '--host must be a host name'],
    [{ account: '1' }, '--account must be an AWS account'],
    [{ region: 'Ireland' }, '--region must be an AWS Region'],
    [{ api: 'soap' }, '--api must be rest or http'],
    [{ site: "x']" }, 'cannot be the name of an IIS site'],
    [{ functions: ['a b'] }, '--function must be letters'],
    [{ webRoot: '../x' }, '--web-root must be'],
    [{ edge: 'aws-abl' }, 'did you mean "aws-alb"?'],
    [{ edge: 'windows' }, 'docs/edges.md says how'],
  ])('%j is refused', (answers, said) => {
    const found = project(SINGLE_FILE_APP);
    expect(() => planFor(found, [], answers)).toThrow(
      expect.objectContaining({ code: 'option_invalid', message: expect.stringContaining(said) }),
    );
  });

  it.each([
    [
      'a folder of its own',
      GENERATED_APP,
      {},
      { webRoot: 'site', config: 'config', script: 'server.js', writesScript: true },
    ],
    ['no module in a package of modules', MODULE_APP, {}, { webRoot: 'site', script: 'server.cjs' }],
    [
      "the app's folder, where it has a web.config",
      { ...SINGLE_FILE_APP, 'web.config': '<configuration />' },
      {},
      { webRoot: '', config: '../config', script: 'server.js', writesScript: false },
    ],
    [
      "the app's folder, by option",
      GENERATED_APP,
      { webRoot: '.' },
      { webRoot: '', script: 'server.js', writesScript: true },
    ],
    [
      'a script of that name that is there',
      { ...GENERATED_APP, 'server.js': '' },
      { webRoot: '.' },
      { script: 'iis.js' },
    ],
  ])('web root: %s', (_what, files, answers, layout) => {
    expect(planFor(project(files), [], answers).layout).toMatchObject(layout);
  });
});
