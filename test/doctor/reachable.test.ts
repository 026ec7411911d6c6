import { keepsItsUrl, sentAsFile } from '../../src/doctor/reachable';
import { readSite, type Site } from '../../src/doctor/site';
import { XmlFile } from '../../src/doctor/xml-file';

function siteWith(rules: string, more = '', handlers = ''): Site {
  const text = `<configuration><system.webServer>
    <handlers>${handlers}<add name="iisnode" path="server.js" verb="*" modules="iisnode"/></handlers>
    <rewrite><rules>${rules}</rules></rewrite>${more}
  </system.webServer></configuration>`;
  return readSite(
    new XmlFile('web.config', text),
    () => undefined,
    () => [],
    {},
  );
}

const rule = (pattern: string, action: string, conditions = '', stop = 'true'): string =>
  `<rule name="r" stopProcessing="${stop}"><match url="${pattern}"/>${conditions}${action}</rule>`;
const APP = '<action type="Rewrite" url="server.js"/>';
const NONE = '<action type="None"/>';
const ALL = rule('.*', APP);
const when = (input: string, pattern: string, more = ''): string =>
  `<conditions><add input="${input}" pattern="${pattern}" ${more}/></conditions>`;
const filtering = (inner: string): string => `<security><requestFiltering>${inner}</requestFiltering></security>`;

/** Whether `lib/db.js`, which is there, is sent to a caller out there. */
it.each<[string, boolean, Site]>([
  ['no rule', true, siteWith('')],
  ['a rule for everything', false, siteWith(ALL)],
  ['a rule that is switched off', true, siteWith(ALL.replace('name="r"', 'name="r" enabled="false"'))],
  ['a rule for another path', true, siteWith(rule('^api/', APP))],
  ['a rule for all other paths', true, siteWith(`<rule name="r"><match url="^lib/" negate="true"/>${APP}</rule>`)],
  ['wildcards', false, siteWith(ALL.replace('name="r"', 'name="r" patternSyntax="Wildcard"').replace('.*', '*'))],
  ['an exception before it', true, siteWith(rule('^lib/', NONE) + ALL)],
  ['an exception that does not stop', false, siteWith(rule('^lib/', NONE, '', 'false') + ALL)],
  ['an exception after it', false, siteWith(ALL + rule('^lib/', NONE))],
  [
    'an exception for callers on this machine',
    false,
    siteWith(rule('^lib/', NONE, when('{REMOTE_ADDR}', '^127\\.')) + ALL),
  ],
  ['an exception that the caller can meet', true, siteWith(rule('^lib/', NONE, when('{HTTP_HOST}', '^cdn')) + ALL)],
  [
    'files that are there',
    true,
    siteWith(
      rule('.*', APP, '<conditions><add input="{REQUEST_FILENAME}" matchType="IsFile" negate="true"/></conditions>'),
    ),
  ],
  [
    'any of two conditions, one of them certain',
    false,
    siteWith(
      rule(
        '.*',
        APP,
        '<conditions logicalGrouping="MatchAny"><add input="{HTTP_HOST}" pattern="x"/><add input="{HTTPS}" pattern="on"/></conditions>',
      ),
    ),
  ],
  [
    'all of two conditions, one of them the caller’s',
    true,
    siteWith(
      rule(
        '.*',
        APP,
        '<conditions><add input="{HTTP_HOST}" pattern="x"/><add input="{HTTPS}" pattern="on"/></conditions>',
      ),
    ),
  ],
  [
    'a redirect of plain HTTP',
    true,
    siteWith(rule('.*', '<action type="Redirect" url="https://x/"/>', when('{HTTPS}', 'off'))),
  ],
  ['a refusal', false, siteWith(rule('.*', '<action type="AbortRequest"/>'))],
  ['another folder', false, siteWith(rule('(.*)', '<action type="Rewrite" url="public/{R:1}"/>'))],
  ['the same name again', true, siteWith(rule('(.*)', '<action type="Rewrite" url="{R:1}?x=1"/>'))],
  ['a hidden segment', false, siteWith('', filtering('<hiddenSegments><add segment="LIB"/></hiddenSegments>'))],
  [
    'a forbidden extension',
    false,
    siteWith('', filtering('<fileExtensions><add fileExtension=".js" allowed="false"/></fileExtensions>')),
  ],
  [
    'only listed extensions',
    false,
    siteWith(
      '',
      filtering('<fileExtensions allowUnlisted="false"><add fileExtension=".html" allowed="true"/></fileExtensions>'),
    ),
  ],
  ['no handler for files', false, siteWith('', '', '<remove name="StaticFile"/>')],
  ['a handler for everything', false, siteWith('', '', '<add name="all" path="*" modules="httpPlatformHandler"/>')],
  ['a pattern that is no pattern', true, siteWith(rule('[', APP))],
])('%s: %s', (_what, sent, site) => {
  expect(sentAsFile(site, 'lib/db.js') !== undefined).toBe(sent);
});

it('tells whether a path of the script itself is rewritten', () => {
  expect(keepsItsUrl(siteWith(''), 'server.js/debug')).toBe(true);
  expect(keepsItsUrl(siteWith(ALL), 'server.js/debug')).toBe(false);
});
