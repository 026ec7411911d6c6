import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BatonError } from '../../src/core/errors';
import { IISNODE_ATTRIBUTES } from '../../src/iis/iisnode-attributes';
import { parseWebConfig, readWebConfig } from '../../src/iis/web-config';

const server = (inside: string): string =>
  `<configuration><system.webServer>${inside}</system.webServer></configuration>`;

const failure = (run: () => unknown): BatonError => {
  try {
    run();
  } catch (error) {
    return error as BatonError;
  }
  throw new Error('nothing was thrown');
};

describe('the model of a web.config', () => {
  it('has the defaults of IIS and iisnode where the file says nothing', () => {
    const config = parseWebConfig('\uFEFF<?xml version="1.0"?><configuration />');
    expect(config.iisnode).toMatchObject({
      debuggingEnabled: true,
      devErrorsEnabled: true,
      maxNamedPipePooledConnectionAge: 30_000,
      watchedFiles: '*.js;iisnode.yml',
    });
    expect(Object.keys(config.iisnode)).toHaveLength(34);
    expect(config.iisnodeAttributesSet.size).toBe(0);
    expect(config.existingResponse).toBe('Auto');
    expect(config.webSocketEnabled).toBe(true);
    expect(config.requestFiltering).toMatchObject({
      maxAllowedContentLengthBytes: 30_000_000,
      maxUrlLength: 4096,
      maxQueryStringLength: 2048,
      allowDoubleEscaping: false,
    });
    expect(config.requestFiltering.hiddenSegments).toContain('web.config');
  });

  it('reads attributes by their type', () => {
    const { iisnode, iisnodeAttributesSet } = parseWebConfig(
      server(
        '<iisnode enableXFF="True" maxConcurrentRequestsPerProcess="infinite" gracefulShutdownTimeout="0" ' +
          'nodeProcessCommandLine="&quot;C:\\a b\\node.exe&quot;" />',
      ),
    );
    expect(iisnode).toMatchObject({
      enableXFF: true,
      maxConcurrentRequestsPerProcess: Infinity,
      gracefulShutdownTimeout: 0,
      nodeProcessCommandLine: '"C:\\a b\\node.exe"',
    });
    expect([...iisnodeAttributesSet]).toHaveLength(4);
  });

  it('follows add, remove and clear of collections', () => {
    const { appSettings, requestFiltering, handlers } = parseWebConfig(`<configuration>
      <appSettings><add key="A" value="1" /><add key="B" value="2" /><remove key="a" /><add key="b" value="3" /></appSettings>
      <system.webServer>
        <handlers>
          <add name="gone" path="old.js" modules="iisnode" /><clear />
          <add name="app" path="server.js" verb="*" modules="iisnode" />
          <add name="files" path="*" modules="StaticFileModule" />
        </handlers>
        <security><requestFiltering>
          <hiddenSegments><remove segment="bin" /><add segment="secret" /></hiddenSegments>
          <requestLimits maxUrl="10"><headerLimits><add header="X-Original-URL" sizeLimit="0" /></headerLimits></requestLimits>
        </requestFiltering></security>
      </system.webServer></configuration>`);
    expect([...appSettings]).toEqual([['b', '3']]);
    expect(handlers).toEqual([{ name: 'app', path: 'server.js', line: 6 }]);
    expect(requestFiltering.hiddenSegments).toContain('secret');
    expect(requestFiltering.hiddenSegments).not.toContain('bin');
    expect([...requestFiltering.headerLimits]).toEqual([['x-original-url', 0]]);
    expect(requestFiltering.maxUrlLength).toBe(10);
  });

  it('counts a location that is the site itself, and no other', () => {
    const { iisnode, existingResponse } = parseWebConfig(`<configuration>
      <location path="." inheritInChildApplications="false"><system.webServer><iisnode enableXFF="true" /></system.webServer></location>
      <location path="other"><system.webServer><httpErrors existingResponse="Replace" /></system.webServer></location>
    </configuration>`);
    expect(iisnode.enableXFF).toBe(true);
    expect(existingResponse).toBe('Auto');
  });

  it('has the patterns of rewrite rules in each syntax', () => {
    const rule = (attributes: string, url: string, match = ''): string =>
      `<rule name="r" ${attributes}><match url="${url}" ${match} /><action type="Rewrite" url="server.js" /></rule>`;
    const rules = parseWebConfig(
      server(
        `<rewrite><rules>${rule('', '^api/.+')}${rule('patternSyntax="Wildcard"', 'a.b/*')}` +
          `${rule('patternSyntax="ExactMatch"', 'a.b', 'ignoreCase="false"')}${rule('enabled="false"', '(')}` +
          `<rule name="to-https" stopProcessing="true"><match url=".*" negate="true" /><conditions><add input="{HTTPS}" pattern="off" />` +
          `</conditions><action type="Redirect" url="https://a/" /></rule></rules></rewrite>`,
      ),
    ).rewriteRules;
    const matches = (index: number, text: string): boolean => rules[index]?.pattern.test(text) ?? false;
    expect([matches(0, 'API/x'), matches(0, 'x/api/x')]).toEqual([true, false]);
    expect([matches(1, 'A.b/c/d'), matches(1, 'axb/c')]).toEqual([true, false]);
    expect([matches(2, 'a.b'), matches(2, 'A.b'), matches(2, 'a.bc')]).toEqual([true, false, false]);
    expect(rules[3]).toMatchObject({ action: 'Redirect', negate: true, stopProcessing: true, conditionCount: 1 });
    expect(rules).toHaveLength(4);
  });
});

describe('a web.config that is wrong', () => {
  it.each([
    ['not well-formed', '<configuration>\n<a>\n</b>\n</configuration>', 'line 2'],
    ['cut off', '<configuration>\n<appSettings>', 'web.config, line'],
    ['no XML at all', 'hello', 'web.config, line 1'],
    ['another document', '<project />', 'must be <configuration>'],
    [
      'an unknown attribute',
      `\n${server('<iisnode debugingEnabled="false" />')}`,
      'line 2: <iisnode> attribute "debugingEnabled" is not known here; did you mean "debuggingEnabled"?',
    ],
    ['a word for a number', server('<iisnode maxLogFiles="many" />'), 'maxLogFiles="many" must be of type uint'],
    ['a number for a boolean', server('<iisnode loggingEnabled="1" />'), 'loggingEnabled="1" must be of type bool'],
    ['a number that is too big', server('<iisnode maxLogFiles="4294967296" />'), 'must be of type uint'],
    ['infinite where it is not allowed', server('<iisnode maxLogFiles="infinite" />'), 'must be of type uint'],
    [
      'a setting without a key',
      '<configuration><appSettings><add value="1" /></appSettings></configuration>',
      'needs the attribute "key"',
    ],
    [
      'a collection with something else',
      '<configuration><appSettings><ad key="a" /></appSettings></configuration>',
      '<ad> is not known',
    ],
    [
      'an error mode that does not exist',
      server('<httpErrors existingResponse="Passthrough" />'),
      'did you mean "PassThrough"?',
    ],
    ['a flag that is none', server('<webSocket enabled="no" />'), 'enabled="no" must be true or false'],
    [
      'a limit that is none',
      server('<security><requestFiltering><requestLimits maxUrl="-1" /></requestFiltering></security>'),
      'a whole number',
    ],
    [
      'a rule without a match',
      server('<rewrite><rules><rule name="r"><action type="None" /></rule></rules></rewrite>'),
      'needs a <match>',
    ],
    [
      'a broken pattern',
      server('<rewrite><rules><rule name="r"><match url="(" /><action type="None" /></rule></rules></rewrite>'),
      'not a regular expression',
    ],
  ])('is refused with its line: %s', (_, xml, message) => {
    const error = failure(() => parseWebConfig(xml));
    expect(error).toBeInstanceOf(BatonError);
    expect(error.code).toBe('option_invalid');
    expect(error.message).toContain(message);
  });

  it('is refused where it cannot be read', () => {
    expect(failure(() => readWebConfig('/no/such/web.config'))).toMatchObject({ code: 'option_invalid' });
  });

  it('does not reach outside by entities', () => {
    const directory = mkdtempSync(join(tmpdir(), 'config-'));
    writeFileSync(join(directory, 'secret'), 'the secret');
    const xml =
      `<!DOCTYPE configuration [<!ENTITY s SYSTEM "file://${directory}/secret">]>` +
      '<configuration><appSettings><add key="A" value="&s;" /></appSettings></configuration>';
    let value: string | undefined;
    try {
      value = parseWebConfig(xml).appSettings.get('A');
    } catch (error) {
      value = (error as Error).message;
    }
    expect(value).not.toContain('the secret');
    rmSync(directory, { recursive: true });
  });
});

describe('the files that users copy', () => {
  const root = join(__dirname, '..', '..');

  it.each(['web.config', 'examples/invoices/web.config'])('are safe: %s', (file) => {
    const { iisnode, iisnodeAttributesSet, handlers, rewriteRules, requestFiltering, ...rest } = readWebConfig(
      join(root, file),
    );
    expect(handlers).toEqual([expect.objectContaining({ path: 'server.js' })]);
    expect(rewriteRules).toEqual([expect.objectContaining({ action: 'Rewrite', url: 'server.js', conditionCount: 0 })]);
    expect(rewriteRules[0]?.pattern.test('')).toBe(true);
    expect(iisnode).toMatchObject({
      debuggingEnabled: false,
      devErrorsEnabled: false,
      debugHeaderEnabled: false,
      enableXFF: true,
      recycleSignalEnabled: false,
    });
    // Outside the site, so that nobody can fetch what the app prints.
    expect(iisnode.logDirectory).toMatch(/^\.\.\\/);
    expect(iisnodeAttributesSet).toContain('debuggingEnabled');
    expect(rest.existingResponse).toBe('PassThrough');
    expect(rest.webSocketEnabled).toBe(false);
    expect(rest.appSettings.get('BATON_POLICY')).toMatch(/^\.\.\//);
    expect(requestFiltering.hiddenSegments).toEqual(expect.arrayContaining(['node_modules', 'iisnode', 'web.config']));
  });

  it.each(['web.config', 'examples/invoices/web.config'])('deny what a client could pass off as ours: %s', (file) => {
    const { iisnode, requestFiltering } = readWebConfig(join(root, file));
    const promoted = iisnode.promoteServerVars.split(',').map((name) => `X-iisnode-${name}`);
    expect(iisnode.promoteServerVars).not.toMatch(/\s|ALL_/);
    for (const header of [
      ...promoted,
      'X-Original-URL',
      'X-Rewrite-URL',
      'MS-ASPNETCORE-TOKEN',
      'X-IIS-WindowsAuthToken',
    ]) {
      expect([header, requestFiltering.headerLimits.get(header.toLowerCase())]).toEqual([header, 0]);
    }
    // What the gateway sends has to come through.
    for (const header of ['txn-token', 'x-correlation-id', 'authorization', 'x-forwarded-for']) {
      expect(requestFiltering.headerLimits.has(header)).toBe(false);
    }
  });

  it('set the same switches in the template and in the example', () => {
    const [template, example] = ['web.config', 'examples/invoices/web.config'].map((file) =>
      readWebConfig(join(root, file)),
    );
    expect(example?.iisnode).toEqual(template?.iisnode);
    expect(example?.requestFiltering).toEqual(template?.requestFiltering);
  });
});

it('knows the 34 attributes of iisnode', () => {
  expect(Object.keys(IISNODE_ATTRIBUTES)).toHaveLength(34);
});
