import { readFileSync } from 'node:fs';
import path from 'node:path';
import { Script } from 'node:vm';
import { buildSync } from 'esbuild';
import { parse } from 'yaml';
import { accessLogFormatText } from '../../src/correlation/access-log-format';
import { examine } from '../../src/doctor/doctor';
import { parseWebConfig } from '../../src/iis/web-config';
import { parseKeyRing } from '../../src/keys/key-ring-text';
import { readDefinition } from '../../src/local/gateway/definition';
import { readRelayConfig } from '../../src/local/relay-config';
import { findingsOf } from '../../src/policy/findings';
import { compilePolicy, type Policy } from '../../src/policy/policy';
import { EDGE_NAMES } from '../../src/scaffold/edges';
import { mountBaton } from '../../src/scaffold/mount';
import { planFor, type Answers } from '../../src/scaffold/plan-for';
import type { PlannedFile } from '../../src/scaffold/plan';
import { readProject } from '../../src/scaffold/project';
import { findRoutes } from '../../src/scaffold/routes';
import { scaffold } from '../../src/scaffold/scaffold';
import { appFolder, GENERATED_APP, MODULE_APP, SINGLE_FILE_APP, type AppFolder } from '../support/app-folder';
import { cfnLint, itWithCfnLint } from '../support/cfn-lint';

const root = path.join(__dirname, '..', '..');
const webConfigTemplate = readFileSync(path.join(root, 'web.config'), 'utf8');

/** The last one that was made. */
let app: AppFolder;
const made: AppFolder[] = [];
const makeApp = (files: Readonly<Record<string, string>>): AppFolder => {
  app = appFolder(files);
  made.push(app);
  return app;
};
afterEach(() => made.splice(0).forEach((one) => one.remove()));

/** The files of a plan, by path. */
async function planned(
  files: Readonly<Record<string, string>>,
  answers: Answers = {},
): Promise<Map<string, PlannedFile>> {
  makeApp(files);
  const project = readProject(app.folder);
  const plan = planFor(project, findRoutes(project, project.name).routes, answers);
  const all = await scaffold(plan, { webConfigTemplate, now: 0 });
  for (const { path: name, text } of all) app.write(name, text);
  return new Map(all.map((file) => [file.path, file]));
}

const textOf = (files: Map<string, PlannedFile>, name: string): string => {
  const file = files.get(name);
  if (file === undefined) throw new Error(`There is no ${name}, but: ${[...files.keys()].join(', ')}`);
  return file.text;
};
const json = (files: Map<string, PlannedFile>, name: string) => JSON.parse(textOf(files, name));

/** The policy, its `${NAME}`s filled as the app gets them: from web.config and nowhere else. */
function policyOf(files: Map<string, PlannedFile>, webConfig: string, policy: string): Policy {
  const { appSettings } = parseWebConfig(textOf(files, webConfig));
  return compilePolicy(json(files, policy), Object.fromEntries(appSettings));
}

describe('an app of the generator', () => {
  it('gets a web root of its own, with nothing in it but web.config and what starts the app', async () => {
    const files = await planned(GENERATED_APP);
    expect([...files.keys()].sort()).toEqual([
      'aws/authorizer.js',
      'aws/gateway.rest.openapi.json',
      'aws/samconfig.toml',
      'aws/template.yaml',
      'baton.dev.json',
      'config/baton.policy.json',
      'config/iis-log-fields.cmd',
      'config/iis-log-fields.ps1',
      'config/keys/.gitignore',
      'config/keys/gateway.jwks.json',
      'config/keys/gateway.ring.json',
      'site/server.js',
      'site/web.config',
    ]);
    const config = parseWebConfig(textOf(files, 'site/web.config'));
    expect(config.handlers.map(({ path: script }) => script)).toEqual(['server.js']);
    expect(config.rewriteRules.map(({ url }) => url)).toEqual(['server.js']);
    expect(config.appSettings.get('BATON_POLICY')).toBe('../config/baton.policy.json');
  });

  it('is started by its own script, in its own folder, with the paths of web.config where they were meant', async () => {
    const files = await planned(GENERATED_APP);
    expect(textOf(files, 'site/server.js')).toContain("listen(require('../app.js'));");
    const calls: unknown[] = [];
    const variables: Record<string, string> = { BATON_POLICY: '../config/baton.policy.json', BATON_LOG_LEVEL: 'info' };
    const modules: Record<string, unknown> = {
      'iis-baton/iis': { listen: (listener: unknown) => calls.push(listener) },
      '../app.js': 'the app',
      'node:path': path,
    };
    const process = { env: variables, chdir: (to: string) => calls.push(to) };
    const started = new Script(`(function (require, process, __dirname) {${textOf(files, 'site/server.js')}})`);
    const start = started.runInThisContext() as (...parts: unknown[]) => void;
    start((name: string) => modules[name], process, app.pathOf('site'));
    expect(calls).toEqual([app.folder, 'the app']);
    expect(variables).toEqual({ BATON_POLICY: app.pathOf('config/baton.policy.json'), BATON_LOG_LEVEL: 'info' });
  });

  it('has one list of routes in the policy and in the gateway, whichever kind it is', async () => {
    for (const api of ['rest', 'http'] as const) {
      const files = await planned(GENERATED_APP, { api });
      const operations = readDefinition(api, json(files, `aws/gateway.${api}.openapi.json`), undefined);
      const inGateway = operations.map(
        ({ method, template, authorizer }) => `${method} ${template.path} ${authorizer ? '' : 'public'}`,
      );
      const { routes } = policyOf(files, 'site/web.config', 'config/baton.policy.json');
      const inPolicy = routes.map((route) => `${route.method ?? 'ANY'} ${route.path} ${route.public ? 'public' : ''}`);
      expect(inGateway.sort()).toEqual(inPolicy.sort());
      for (const { integration } of operations) {
        expect(Object.keys(integration.requestParameters).filter((name) => name.startsWith('append'))).toEqual([]);
      }
    }
  });

  it("keeps its private key in one file, outside of the web root, out of Git, its owner's alone", async () => {
    const files = await planned(GENERATED_APP, { functions: ['render'] });
    const secrets = [...files.values()].filter(({ isSecret }) => isSecret);
    expect(secrets.map(({ path: name }) => name)).toEqual([
      'config/keys/gateway.ring.json',
      'config/keys/hand-over.ring.json',
    ]);
    const privates = secrets.flatMap(({ text }) => parseKeyRing(text).keys.map(({ key }) => String(key.d)));
    expect(privates).toHaveLength(2);
    for (const { path: name, text, isSecret } of files.values()) {
      if (isSecret) continue;
      for (const value of privates) expect([name, text.includes(value)]).toEqual([name, false]);
    }
    expect(textOf(files, 'config/keys/.gitignore').split('\n')).toEqual(
      expect.arrayContaining(['*', '!.gitignore', '!*.jwks.json']),
    );
    const [ring] = secrets;
    const [signing] = parseKeyRing(ring!.text).keys;
    const { keys } = json(files, 'config/keys/gateway.jwks.json');
    expect(keys).toEqual([expect.objectContaining({ kid: signing!.key.kid, x: signing!.key.x, use: 'sig' })]);
  });

  it('gets what the relay on one machine takes', async () => {
    const files = await planned(GENERATED_APP, { functions: ['render'] });
    const relay = readRelayConfig(app.pathOf('baton.dev.json'));
    expect(relay.gateways).toEqual({ rest: 'aws/gateway.rest.openapi.json' });
    expect(Object.keys(relay.functions ?? {})).toEqual(['render']);
    const names = [...textOf(files, 'config/baton.policy.json').matchAll(/\$\{(\w+)\}/g)].map(([, name]) => name);
    expect(Object.keys(relay.environment)).toEqual(expect.arrayContaining(names));
  });
});

describe('the policy', () => {
  it.each(EDGE_NAMES)('for %s is sound with the values of web.config, and nothing in it is odd', async (edge) => {
    const files = await planned(GENERATED_APP, { edge, functions: ['render'] });
    const policy = policyOf(files, 'site/web.config', 'config/baton.policy.json');
    expect(policy.edge.profile).toBe(edge);
    expect(findingsOf(policy.document).filter(({ level }) => level === 'warning')).toEqual([]);
    expect(files.has('aws/template.yaml')).toBe(edge === 'txn-token');
    expect(files.has('baton.dev.json')).toBe(edge === 'txn-token');
  });

  it('lets readers read and editors write, and nobody do what is not listed', async () => {
    const policy = policyOf(await planned(GENERATED_APP), 'site/web.config', 'config/baton.policy.json');
    const roles = (value: string): readonly string[] => policy.rolesOf('entra', [value]);
    expect([roles('Reader'), roles('Editor'), roles('Other')]).toEqual([['reader'], ['editor'], []]);
    const { reader, editor } = policy.document.roles;
    expect(reader!.permissions).toEqual(['invoice-desk:read', 'invoices:read']);
    expect(editor).toEqual(expect.objectContaining({ inherits: ['reader'], permissions: ['invoices:write'] }));
    expect(policy.document.unlistedRoutes).toBeUndefined();
  });

  it('says where its schema is', async () => {
    for (const answers of [{}, { webRoot: '.' }]) {
      const files = await planned(GENERATED_APP, answers);
      const name = [...files.keys()].find((one) => one.endsWith('baton.policy.json'))!;
      const schema = path.resolve(path.dirname(app.pathOf(name)), json(files, name).$schema);
      expect(schema).toBe(app.pathOf('node_modules/iis-baton/policy.schema.json'));
    }
  });
});

describe('the SAM template', () => {
  const plans: readonly (readonly [string, Answers])[] = [
    ['REST', {}],
    ['HTTP', { api: 'http' }],
    ['with functions', { functions: ['render-invoice', 'archive'] }],
  ];

  it.each(plans)('%s: parameters, their values and the log format fit together', async (_what, answers) => {
    const files = await planned(GENERATED_APP, answers);
    const template = parse(textOf(files, 'aws/template.yaml'), { logLevel: 'silent' });
    const given = [...textOf(files, 'aws/samconfig.toml').matchAll(/^ {2}"(\w+)=/gm)].map(([, name]) => name);
    expect(given).toEqual(Object.keys(template.Parameters));
    const settings =
      template.Resources.Api.Properties.AccessLogSetting ?? template.Resources.Api.Properties.AccessLogSettings;
    expect(settings.Format).toBe(accessLogFormatText(answers.api === 'http' ? 'http' : 'rest'));
    const names = [...textOf(files, 'config/baton.policy.json').matchAll(/\$\{(\w+)\}/g)].map(([, name]) => name!);
    const variables = Object.keys(template.Globals.Function.Environment.Variables);
    // Lambda sets its own Region.
    expect(variables).toEqual(expect.arrayContaining(names.filter((name) => name !== 'AWS_REGION')));
    const references = [
      ...textOf(files, 'aws/gateway.' + (answers.api ?? 'rest') + '.openapi.json').matchAll(/"Ref": "(\w+)"/g),
    ];
    expect(given).toEqual(expect.arrayContaining(references.map(([, name]) => name)));
  });

  it('builds each function from what it requires, and nothing of the project besides', async () => {
    const files = await planned(GENERATED_APP, { functions: ['render'] });
    const { Resources } = parse(textOf(files, 'aws/template.yaml'), { logLevel: 'silent' });
    const bundles = Object.values(
      Resources as Record<string, { Metadata?: { BuildProperties: { EntryPoints: string[] } } }>,
    );
    const entries = bundles.flatMap(({ Metadata }) => Metadata?.BuildProperties.EntryPoints ?? []);
    expect(entries).toEqual(['aws/authorizer.js', 'aws/functions/render.js']);
    for (const entry of entries) {
      const { metafile } = buildSync({
        // As SAM calls it: in the folder of CodeUri, one entry, the handler at the top of the result.
        absWorkingDir: app.folder,
        entryPoints: [entry],
        outdir: 'built',
        bundle: true,
        platform: 'node',
        metafile: true,
        write: false,
        alias: { 'iis-baton': path.join(root, 'dist') },
      });
      expect(Object.keys(metafile.outputs)).toEqual([`built/${path.basename(entry)}`]);
      const own = Object.keys(metafile.inputs).filter((name) => !name.startsWith('..'));
      expect(own.sort()).toEqual([entry, 'config/baton.policy.json']);
    }
  });

  itWithCfnLint(
    'and the one of the example: cfn-lint has nothing to say',
    async () => {
      const templates = [path.join(root, 'examples/invoices/template.yaml')];
      for (const [, answers] of plans) {
        await planned(GENERATED_APP, answers);
        templates.push(app.pathOf('aws/template.yaml'));
      }
      const wrong = makeApp({
        'template.yaml': 'AWSTemplateFormatVersion: "2010-09-09"\nResources: { A: { Type: AWS::Nope } }\n',
      });
      const reported = cfnLint([...templates, wrong.pathOf('template.yaml')]);
      expect(reported).toEqual([expect.stringMatching(/^.*template\.yaml:\d+:.*AWS::Nope/)]);
    },
    120_000,
  );
});

describe('baton doctor', () => {
  const plans: readonly (readonly [string, Readonly<Record<string, string>>, Answers])[] = [
    ...EDGE_NAMES.map((edge) => [edge, GENERATED_APP, { edge }] as const),
    ['an HTTP API', GENERATED_APP, { api: 'http' }],
    ['functions', GENERATED_APP, { functions: ['render'] }],
    ['ES modules', MODULE_APP, {}],
    ['one file', SINGLE_FILE_APP, {}],
    ["the app's folder as web root", SINGLE_FILE_APP, { webRoot: '.' }],
  ];

  it.each(plans)('finds nothing in what is written: %s', async (_what, files, answers) => {
    await planned(files, answers);
    const { path: name, text } = mountedIn(app);
    app.write(name, text);
    const { diagnoses } = examine({ directory: app.folder, environment: {} });
    expect(diagnoses.map(({ finding: { code, file, line, message } }) => `${code} ${file}:${line} ${message}`)).toEqual(
      [],
    );
  });

  it('has looked at all of it', async () => {
    await planned(GENERATED_APP);
    expect(examine({ directory: app.folder, environment: {} }).examined.toSorted()).toEqual([
      'aws/gateway.rest.openapi.json',
      'aws/template.yaml',
      'config/baton.policy.json',
      'site/web.config',
    ]);
  });
});

/** The app's own file with Baton in it. */
function mountedIn({ folder }: AppFolder): { readonly path: string; readonly text: string } {
  const { appPath, appFile } = readProject(folder);
  return { path: appPath!, text: mountBaton(appFile!)!.text };
}

describe('other shapes', () => {
  it('a package of ES modules gets CommonJS scripts, which import its app', async () => {
    const files = await planned(MODULE_APP);
    expect(textOf(files, 'site/server.cjs')).toContain(
      "import('../src/app.js').then(({ default: app }) => listen(app));",
    );
    const { handlers, rewriteRules, iisnode } = parseWebConfig(textOf(files, 'site/web.config'));
    expect([handlers[0]?.path, rewriteRules[0]?.url, iisnode.watchedFiles]).toEqual([
      'server.cjs',
      'server.cjs',
      '*.cjs;iisnode.yml',
    ]);
    expect(files.has('aws/authorizer.cjs')).toBe(true);
    expect(textOf(files, 'aws/template.yaml')).toContain('EntryPoints: [aws/authorizer.cjs]');
  });

  it('an app in TypeScript is started by what it is compiled into', async () => {
    const files = await planned({
      'package.json': JSON.stringify({ name: 'typed', scripts: { start: 'node dist/main.js' } }),
      'src/main.ts': `import app from './app';\napp.listen(Number(process.env.PORT));\n`,
      'src/app.ts': `import express from 'express';\nconst app = express();\napp.get('/a', f);\nexport default app;\n`,
    });
    expect(textOf(files, 'site/server.js')).toContain("\nrequire('../dist/main.js');\n");
    expect(json(files, 'config/baton.policy.json').routes).toEqual([
      { method: 'GET', path: '/a', permission: 'a:read' },
    ]);
  });

  it.each([
    ['listens by itself', 'app.listen(3000);', "require('../server.js');"],
    [
      'waits to be the main module',
      'if (require.main === module) app.listen(3000);',
      "listen(require('../server.js'));",
    ],
    ['has Baton listen', "require('iis-baton/iis').listen(app);", "require('../server.js');"],
    ['makes its own server', "require('http').createServer(app).listen(3000);", "require('../server.js');"],
    ['listens when a database is there', 'connect().then(() => { app.listen(3000); });', "require('../server.js');"],
  ])('an app that exports itself and %s', async (_what, listening, loading) => {
    const files = await planned({
      ...SINGLE_FILE_APP,
      'server.js': `const express = require('express');\nconst app = express();\nmodule.exports = app;\n${listening}\n`,
    });
    expect(textOf(files, 'site/server.js').trimEnd().split('\n').at(-1)).toBe(loading);
  });

  it("the app's folder as web root: policy and keys beside it, and the app's own script", async () => {
    const files = await planned(SINGLE_FILE_APP, { webRoot: '.', edge: 'oidc' });
    expect([...files.keys()].sort()).toEqual([
      '../config/baton.policy.json',
      '../config/iis-log-fields.cmd',
      '../config/iis-log-fields.ps1',
      'web.config',
    ]);
    const { handlers, appSettings } = parseWebConfig(textOf(files, 'web.config'));
    expect([handlers[0]?.path, appSettings.get('BATON_POLICY')]).toEqual(['server.js', '../config/baton.policy.json']);
  });
});
