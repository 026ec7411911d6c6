import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { iisnodeSections, readIisnodeAdditions } from '../../src/iis/iisnode-settings';
import { checkOriginalUrl } from '../../src/iis/original-url';
import { PromotedVariables } from '../../src/iis/promoted-variables';

describe('what iisnode adds', () => {
  let root: string;
  beforeEach(() => (root = mkdtempSync(join(tmpdir(), 'site-'))));
  afterEach(() => rmSync(root, { recursive: true }));

  const config = (attributes: string, path = 'src/server.js'): string =>
    `\uFEFF<?xml version="1.0"?><configuration><system.webServer>
      <handlers><add name="other" path="*" modules="Static" /><add name="a" path="${path}" modules="iisnode" /></handlers>
      <iisnode\n  ${attributes} /></system.webServer></configuration>`;
  const write = (name: string, text: string): void => {
    mkdirSync(join(root, name, '..'), { recursive: true });
    writeFileSync(join(root, name), text);
  };
  const read = (env = {}): object => readIisnodeAdditions(join(root, 'src', 'server.js'), env);

  it('is nothing where nobody says so', () => {
    expect(read()).toEqual({ promotedVariables: [], enableXFF: false });
  });

  const both = 'promoteServerVars="HTTPS,&#x52;EMOTE_ADDR" enableXFF=\'true\'';

  it.each(['src/server.js', 'SRC/Server.js', '*.js', '*'])('stands in the web.config whose handler is %s', (path) => {
    write('web.config', config(both, path));
    expect(read()).toEqual({ promotedVariables: ['HTTPS', 'REMOTE_ADDR'], enableXFF: true });
  });

  it('is nothing where the nearest web.config hands the script to nobody', () => {
    write('web.config', config(both));
    write('src/web.config', config(both, 'other.js'));
    expect(read()).toEqual({ promotedVariables: [], enableXFF: false });
  });

  it('is overridden by the environment, and that by iisnode.yml', () => {
    write('web.config', config('promoteServerVars="REMOTE_ADDR" enableXFF="true"'));
    const env = { IISNODE_promoteServerVars: 'HTTPS', IISNODE_enableXFF: '0' };
    expect(read(env)).toEqual({ promotedVariables: ['HTTPS'], enableXFF: false });
    write('src/iisnode.yml', '# promoteServerVars: NO\r\nenableXFF: yes # as before\r\npromoteServerVars:\r\n');
    expect(read(env)).toEqual({ promotedVariables: ['HTTPS'], enableXFF: true });
    write('web.config', config('configOverrides="other.yml"'));
    write('src/other.yml', 'promoteServerVars: LOGON_USER,REMOTE_ADDR\n');
    expect(read()).toEqual({ promotedVariables: ['LOGON_USER', 'REMOTE_ADDR'], enableXFF: false });
  });

  it.each([
    ['in a comment', '<!-- <system.webServer><iisnode a="1" /></system.webServer> -->'],
    ['in text', '<x><![CDATA[<system.webServer><iisnode a="1" /></system.webServer>]]></x>'],
    ['elsewhere', '<system.web><iisnode a="1" /></system.web>'],
    [
      'in a location of another path',
      '<system.webServer><iisnode a="1" /></system.webServer><location path="admin"><system.webServer><iisnode a="2" /></system.webServer></location>',
    ],
  ])('is not what stands %s', (_, xml) => {
    expect([...iisnodeSections(`<configuration>${xml}</configuration>`).attributes]).toEqual([]);
  });

  it('stands in a location that is the site itself, too', () => {
    const xml = `<configuration><location path="other"><x/></location><location path=".">
      <system.webServer><handlers><add name="a" /></handlers><iisnode a="1" b='&lt;"' /></system.webServer></location></configuration>`;
    expect(Object.fromEntries(iisnodeSections(xml).attributes)).toEqual({ a: '1', b: '<"' });
  });
});

describe('promoted variables', () => {
  const read = (names: string, headers: string): object | undefined => {
    const known = new PromotedVariables(names.split(',')).read(headers === '' ? [] : headers.split(' '));
    return known && Object.fromEntries(known);
  };
  const genuine = 'X-iisnode-HTTPS on X-iisnode-REMOTE_ADDR 1.1.1.1';

  it.each([
    ['are the last headers, in reverse', 'REMOTE_ADDR,HTTPS', genuine, { https: 'on', remote_addr: '1.1.1.1' }],
    ['stand behind copies', 'REMOTE_ADDR', 'X-iisnode-REMOTE_ADDR 6 X-iisnode-REMOTE_ADDR 1', { remote_addr: '1' }],
    ['are none where another comes last', 'REMOTE_ADDR,HTTPS', `${genuine} X-Last 1`, undefined],
    ['are none in another order', 'HTTPS,REMOTE_ADDR', genuine, undefined],
    ['are none where one is missing', 'REMOTE_ADDR,HTTPS,UNENCODED_URL', genuine, undefined],
    ['are none without headers', 'REMOTE_ADDR', '', undefined],
    ['leave out what IIS does not have', 'CERT_SUBJECT,REMOTE_ADDR', 'X-iisnode-REMOTE_ADDR 1', { remote_addr: '1' }],
    [
      'count where one that is always there stands in front',
      'AUTH_USER,REMOTE_ADDR',
      'X-iisnode-AUTH_USER evil X-iisnode-REMOTE_ADDR 1 X-iisnode-AUTH_USER bob',
      { remote_addr: '1', auth_user: 'bob' },
    ],
    [
      'do not count where the header may be the client’s',
      'REMOTE_ADDR,AUTH_USER',
      'X-iisnode-AUTH_USER evil X-iisnode-REMOTE_ADDR 1',
      { remote_addr: '1' },
    ],
  ])('%s', (_, names, headers, expected) => {
    expect(read(names, headers)).toEqual(expected);
  });

  it('have names without blanks', () => {
    expect(read('REMOTE_ADDR, HTTPS', 'X-iisnode-REMOTE_ADDR 1')).toEqual({ remote_addr: '1' });
  });
});

describe('the URL that iisnode gives', () => {
  it.each([
    ['/a?b=1', '/a?b=1'],
    ['/a%2Fb%20c?q=%41?', '/a/b c?q=%41?'],
    ['/caf%C3%A9/%E2%82%AC?x', '/caf?/??x'],
    ['/caf%E9', '/caf\u00e9'],
    ['/%u20ac', '/?'],
    ['/a/./b/../c//d', '/a/c/d'],
    ['/a%5Cb', '/a/b'],
    ['/', '/'],
  ])('may be %s, decoded: %s', (rawUrl, url) => {
    expect(() => checkOriginalUrl(rawUrl, url)).not.toThrow();
  });

  it.each([
    ['/server.js', '/admin'],
    ['/server.js?q', '/admin?q'],
    ['/server.js/%E2%82%AC', '/admin'],
    ['/a?q', '/a?r'],
    ['/a', '/a?q'],
    ['/a', 'http://evil.example/a'],
    ['/a', '/A'],
  ])('is refused where %s was asked for and it is %s', (rawUrl, url) => {
    expect(() => checkOriginalUrl(rawUrl, url)).toThrow(expect.objectContaining({ code: 'request_target_invalid' }));
  });
});
