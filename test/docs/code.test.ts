import { readFileSync } from 'node:fs';
import path from 'node:path';
import ts from 'typescript';
import { ERROR_TABLE } from '../../src/core/error-codes';
import { iisnodeSections } from '../../src/iis/iisnode-settings';
import { fieldScript } from '../../src/iis/log-fields-script';
import { parseWebConfig } from '../../src/iis/web-config';
import { readDefinition } from '../../src/local/gateway/definition';
import { readRemovedHeaders } from '../../src/local/gateway/removed-headers';
import { createThrottle, type ThrottlingSettings } from '../../src/local/gateway/throttle';
import { compilePolicy } from '../../src/policy/policy';
import { invoicesDocument } from '../support/invoices';
import { allBlocks, environmentFor, root, type Block } from './markdown';

jest.setTimeout(60_000);

/** Which of these checks looks at a block; a block that none looks at fails the first test. */
const CHECKED = [
  'ts',
  'js',
  'xml',
  'xml windows',
  'xml hosting',
  'powershell',
  'sh',
  'sh keys',
  'text demo',
  'text newcomer',
  'text explain',
  'text trace',
  'text trace-request',
  'text events',
  'text picture',
  'json policy',
  'json policy-part',
  'json problem',
  'json policy-table',
  'json agent',
  'json gateway-part http',
  'json relay-part',
  'sh entra',
  'sh credentials',
  'json trust',
  'json state',
  'json approval-state',
  'json calls',
  'json relay-sts',
  'json relay-sqs',
  'json relay-faults',
  'json relay-states',
  'json federated-credential',
  'json iam',
  'json relay-entra',
  'powershell entra',
];
const nameOf = ({ language, kind }: Block): string => (language === 'js' ? 'js' : `${language} ${kind}`.trim());
const of = (name: string): [string, string][] =>
  allBlocks.filter((item) => nameOf(item) === name).map(({ at, text }) => [at, text]);

it('each block of a language is one that is checked', () => {
  const unchecked = allBlocks.filter(
    (item) => ![...CHECKED, '', 'json gateway rest', 'json gateway http'].includes(nameOf(item)),
  );
  expect(unchecked.map(({ at }) => at)).toEqual([]);
  expect(allBlocks.length).toBeGreaterThan(15);
});

const PATHS = { 'iis-baton': [path.join(root, 'src/index.ts')], 'iis-baton/*': [path.join(root, 'src/*.ts')] };

/** JavaScript says no types, so what a parameter holds is not known to the compiler; the blocks are run as well. */
const UNKNOWN_PROPERTY = 2339;

/** What the compiler says of modules that lie in no file, by the place that each comes from. */
function diagnose(modules: readonly [string, string][], extension: 'ts' | 'js'): string[] {
  const options: ts.CompilerOptions = {
    target: ts.ScriptTarget.ES2023,
    lib: ['lib.es2023.d.ts'],
    module: ts.ModuleKind.Node20,
    moduleDetection: ts.ModuleDetectionKind.Force,
    types: ['node'],
    paths: PATHS,
    strict: extension === 'ts',
    allowJs: true,
    checkJs: true,
    skipLibCheck: true,
    noEmit: true,
  };
  const files = new Map(
    modules.map(([at, text]) => [
      path.join(root, 'test', 'docs', `${at.replace(/\W/g, '-')}.${extension}`),
      { at, text },
    ]),
  );
  const host = ts.createCompilerHost(options);
  const { fileExists, readFile, getSourceFile } = host;
  host.fileExists = (name) => files.has(path.normalize(name)) || fileExists(name);
  host.readFile = (name) => files.get(path.normalize(name))?.text ?? readFile(name);
  host.getSourceFile = (name, ...rest) => {
    const text = files.get(path.normalize(name))?.text;
    return text === undefined
      ? getSourceFile(name, ...rest)
      : ts.createSourceFile(name, text, ...(rest.slice(0, 1) as [ts.ScriptTarget]));
  };
  const program = ts.createProgram([...files.keys()], options, host);
  return [...files].flatMap(([name, { at }]) => {
    const source = program.getSourceFile(name);
    if (source === undefined) throw new Error(`${at} was not compiled.`);
    const found = [...program.getSyntacticDiagnostics(source), ...program.getSemanticDiagnostics(source)];
    return found
      .filter(({ code }) => extension === 'ts' || code !== UNKNOWN_PROPERTY)
      .map(({ messageText }) => `${at}: ${ts.flattenDiagnosticMessageText(messageText, ' ')}`);
  });
}

describe('code', () => {
  it('in TypeScript compiles for a strict project', () => {
    const wrong = "import { baton } from 'iis-baton';\nexport const all = baton({ polcy: 'baton.policy.json' });";
    expect(diagnose([...of('ts'), ['wrong', wrong]], 'ts')).toEqual([expect.stringMatching(/^wrong: .*polcy/)]);
  });

  it('in JavaScript names what exists', () => {
    const wrong = "const { batton } = require('iis-baton');\nmodule.exports = batton;";
    expect(diagnose([...of('js'), ['wrong', wrong]], 'js')).toEqual([expect.stringMatching(/^wrong: .*batton/)]);
  });
});

describe('JSON', () => {
  it.each(of('json policy'))('%s is a policy', (_at, text) => {
    expect(compilePolicy(JSON.parse(text), environmentFor(text)).application).toBe('invoices');
  });

  it.each(of('json policy-part'))('%s is a part of a policy', (_at, text) => {
    const document = { ...invoicesDocument, ...(JSON.parse(text) as object) };
    expect(() => compilePolicy(document, environmentFor(text))).not.toThrow();
  });

  it.each(of('json problem'))('%s is an answer of Baton', (_at, text) => {
    const problem = JSON.parse(text) as { code: keyof typeof ERROR_TABLE };
    const { status, publicMessage } = ERROR_TABLE[problem.code];
    const type = `urn:iis-baton:error:${problem.code}`;
    expect(problem).toEqual({
      type,
      title: publicMessage,
      status,
      code: problem.code,
      correlationId: expect.any(String),
    });
  });

  it.each(
    (['rest', 'http'] as const).flatMap((kind) => of(`json gateway ${kind}`).map(([at, text]) => [at, kind, text])),
  )("%s is what the example's %s API says", (_at, kind, text) => {
    const definition: unknown = JSON.parse(
      readFileSync(path.join(root, `examples/invoices/gateway.${kind}.openapi.json`), 'utf8'),
    );
    for (const [name, value] of Object.entries(JSON.parse(text) as object)) {
      expect(valuesOf(definition, name)).toContainEqual(
        typeof value === 'object' ? expect.objectContaining(partsOf(value)) : value,
      );
    }
  });
});

describe('JSON for logs', () => {
  it.each(of('json agent'))('%s sends the files that Baton writes', (_at, text) => {
    const [files] = valuesOf(JSON.parse(text), 'collect_list') as { file_path: string; log_group_name: string }[][];
    expect(files!.map(({ file_path }) => path.win32.basename(file_path))).toEqual(['metrics.jsonl', 'app.jsonl']);
    expect(new Set(files!.map(({ log_group_name }) => log_group_name)).size).toBe(2);
  });

  it.each(of('json gateway-part http'))('%s is played by the local gateway', (_at, text) => {
    const [parameters] = valuesOf(JSON.parse(text), 'responseParameters');
    const removed = readRemovedHeaders(parameters);
    expect([...(removed as ReadonlyMap<number, ReadonlySet<string>>).values()]).toEqual([
      new Set(['x-baton-user']),
      new Set(['x-baton-user']),
    ]);
  });

  it.each(of('json relay-part'))("%s is a part of the example's baton.dev.json", (_at, text) => {
    const { throttling } = JSON.parse(text) as { throttling: Record<'rest' | 'http', ThrottlingSettings> };
    for (const kind of ['rest', 'http'] as const) {
      const file = path.join(root, `examples/invoices/gateway.${kind}.openapi.json`);
      const operations = readDefinition(kind, JSON.parse(readFileSync(file, 'utf8')) as object, undefined);
      expect(() => createThrottle(throttling[kind], operations, () => 0)).not.toThrow();
    }
  });
});

/** The values of every member of that name, however deep. */
function valuesOf(document: unknown, name: string): unknown[] {
  if (typeof document !== 'object' || document === null) return [];
  return Object.entries(document).flatMap(([key, value]) => [
    ...(key === name ? [value] : []),
    ...valuesOf(value, name),
  ]);
}

const partsOf = (value: object): object =>
  Object.fromEntries(
    Object.entries(value).map(([name, item]) => [
      name,
      typeof item === 'object' ? expect.objectContaining(item) : item,
    ]),
  );

describe('settings of IIS', () => {
  it.each(of('xml'))('%s is a part of a web.config', (_at, text) => {
    const { appSettings } = parseWebConfig(`<configuration>${text}</configuration>`);
    expect([...appSettings.keys()]).toEqual(expect.arrayContaining(['BATON_POLICY', 'BATON_HAND_OVER_KEY_FILE']));
  });

  it.each(of('xml hosting'))('%s is a part of a web.config, by which clients are known under iisnode', (_at, text) => {
    const xml = `<configuration><system.webServer>${text}</system.webServer></configuration>`;
    expect(parseWebConfig(xml).iisnode.maxLogFiles).toBe(20);
    const { handlerPaths, attributes } = iisnodeSections(xml);
    const promoted = attributes.get('promoteServerVars');
    expect([handlerPaths, promoted]).toEqual(
      text.includes('modules="iisnode"') ? [['server.js'], 'REMOTE_ADDR,HTTPS,UNENCODED_URL'] : [[], undefined],
    );
  });

  it.each(of('powershell'))('%s is what baton logs field-script prints', (_at, text) => {
    expect(`${text}\n`).toBe(fieldScript({ site: 'SITE', format: 'powershell' }));
  });
});
