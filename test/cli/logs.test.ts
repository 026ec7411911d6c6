import { logs } from '../../src/cli/logs';
import { accessLogFormatText } from '../../src/correlation/access-log-format';
import { fieldScript } from '../../src/iis/log-fields-script';

let printed = '';
beforeEach(() => {
  printed = '';
  jest.spyOn(process.stdout, 'write').mockImplementation((text) => ((printed += String(text)), true));
  jest.spyOn(console, 'log').mockImplementation((text: string) => void (printed += `${text}\n`));
});
afterEach(() => jest.restoreAllMocks());

it.each([
  [['field-script'], fieldScript({ site: 'Default Web Site', format: 'powershell' })],
  [
    ['field-script', '--site', 'Shop', '--format', 'appcmd', '--user-field'],
    fieldScript({ site: 'Shop', format: 'appcmd', userField: true }),
  ],
  [['gateway-format'], `${accessLogFormatText('rest')}\n`],
  [['gateway-format', '--api', 'http'], `${accessLogFormatText('http')}\n`],
])('baton logs %j prints that and nothing else', (args, text) => {
  logs(args);
  expect(printed).toBe(text);
});

it('the format of an access log is one line of JSON, with the field that carries the correlation ID', () => {
  for (const [api, field] of [
    ['rest', 'extendedRequestId'],
    ['http', 'requestId'],
  ] as const) {
    const text = accessLogFormatText(api);
    expect(text).not.toContain('\n');
    // API Gateway takes up to 3 KB.
    expect(text.length).toBeLessThan(3072);
    expect(JSON.parse(text)).toHaveProperty(field, `$context.${field}`);
    expect(text).not.toContain('txnToken');
  }
});

it.each([
  [[], 'The <action> is missing.'],
  [['fields'], 'The action "fields" is not known here'],
  [['field-scrpt'], 'did you mean "field-script"?'],
  [['field-script', '--format', 'bash'], '--format "bash" is not known here; known are: powershell, appcmd'],
  [['gateway-format', '--api', 'soap'], '--api "soap" is not known here'],
  [['gateway-format', '--site', 'x'], 'gateway-format has no option --site.'],
  [['field-script', '--api', 'rest'], 'field-script has no option --api.'],
])('baton logs %j is wrong usage', (args, said) => {
  expect(() => logs(args)).toThrow(
    expect.objectContaining({ reason: 'usage', message: expect.stringContaining(said) }),
  );
  expect(printed).toBe('');
});

it('a name that cannot be a site is refused', () => {
  expect(() => logs(['field-script', '--site', "x'; y"])).toThrow('cannot be the name of an IIS site');
});
