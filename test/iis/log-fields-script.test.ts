import { FIELD_SCRIPT_FORMATS, fieldScript } from '../../src/iis/log-fields-script';
import { CORRELATION_LOG_FIELDS, USER_LOG_FIELD } from '../../src/iis/w3c-log';

const fieldsIn = (script: string): string[] =>
  [...script.matchAll(/logFieldName ?= ?'([^']+)'[;,] ?sourceName ?= ?'([^']+)'[;,] ?sourceType ?= ?'([^']+)'/g)].map(
    ([, name, source, type]) => `${name} ${source} ${type}`,
  );
const wanted = [...CORRELATION_LOG_FIELDS, USER_LOG_FIELD].map(
  ({ logFieldName, sourceName, sourceType }) => `${logFieldName} ${sourceName} ${sourceType}`,
);

describe.each(FIELD_SCRIPT_FORMATS)('%s', (format) => {
  it('adds the two fields; the third where it is asked for', () => {
    expect(fieldsIn(fieldScript({ site: 'Shop', format }))).toEqual(wanted.slice(0, 2));
    expect(fieldsIn(fieldScript({ site: 'Shop', format, userField: true }))).toEqual(wanted);
  });

  it('names the site wherever it is meant, and only in quotes', () => {
    const script = fieldScript({ site: 'Shop (x86) ä', format });
    const code = script.split(/\r?\n/).filter((line) => !/^(?:#|rem )/.test(line));
    const naming = code.filter((line) => line.includes('Shop'));
    expect(naming.length).toBeGreaterThan(0);
    for (const line of naming) expect(line).toMatch(/(['"])Shop \(x86\) ä\1/);
  });

  it.each([
    ['a quote', "a'b"],
    ['a double quote', 'a"b'],
    ['a quote of a word processor, which PowerShell takes for one', 'a\u2019b'],
    ['a pipe', 'a|b'],
    ['an ampersand', 'a&b'],
    ['a variable of PowerShell', 'a$b'],
    ['a variable of cmd', 'a%b'],
    ['a step of XPath', 'a]b'],
    ['a line end', 'a\nb'],
    ['nothing', ' '],
  ])('refuses a name with %s', (_what, site) => {
    expect(() => fieldScript({ site, format })).toThrow(expect.objectContaining({ code: 'option_invalid' }));
  });
});

it('the lines of a batch file end as cmd.exe wants them', () => {
  const script = fieldScript({ site: 'Shop', format: 'appcmd' });
  expect(script.replaceAll('\r\n', '')).not.toMatch(/[\r\n]/);
  expect(script.endsWith('\r\n')).toBe(true);
});

it('a batch file says which code page it is in, where that matters', () => {
  const [plain, named] = ['Shop', 'Läden'].map((site) => fieldScript({ site, format: 'appcmd' }));
  expect([plain!.includes('chcp 65001'), named!.indexOf('chcp 65001') < named!.indexOf('%APPCMD%" list')]).toEqual([
    false,
    true,
  ]);
});

it('looks before it adds', () => {
  const [batch, powershell] = [
    fieldScript({ site: 'Shop', format: 'appcmd' }),
    fieldScript({ site: 'Shop', format: 'powershell' }),
  ];
  const lines = batch.split('\r\n');
  lines.forEach((line, at) => {
    if (!line.includes('set config')) return;
    const [, name] = /logFieldName='([^']+)'/.exec(line)!;
    expect(lines.slice(at - 2, at)).toEqual([
      expect.stringContaining(`logFieldName=\\"${name}\\"`),
      'if errorlevel 1 (',
    ]);
  });
  expect(powershell.indexOf('if (-not $there)')).toBeLessThan(powershell.indexOf('Add-WebConfigurationProperty'));
  expect(powershell.match(/Add-WebConfigurationProperty/g)).toHaveLength(1);
});
