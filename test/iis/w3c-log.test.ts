import {
  CORRELATION_LOG_FIELDS,
  cutCustomField,
  formatW3cDirectives,
  formatW3cLine,
  formatW3cTime,
  W3C_DEFAULT_FIELDS,
  w3cFileName,
} from '../../src/iis/w3c-log';

const MOMENT = Date.parse('2026-03-01T07:08:09.999Z');

describe('a line of the W3C log', () => {
  it.each([
    ['what is missing', undefined, '-'],
    ['what is empty', '', '-'],
    ['a dash', '-', '-'],
    ['a number', 0, '0'],
    ['blanks', 'a b  c', 'a+b++c'],
    ['a plus, which is not escaped', 'a+b', 'a+b'],
    ['control characters', 'a\r\nb\tc\u0000\u007f', 'a++b+c++'],
    ['a number sign, quotes and backslashes', '#"CORP\\bob"', '#"CORP\\bob"'],
    ['text beyond ASCII', 'caf\u00e9', 'caf\u00e9'],
  ])('has %s as the format says', (_, value, written) => {
    expect(formatW3cLine(['x', 'other'], { x: value, other: 'end', unlisted: 'never' })).toBe(`${written} end\r\n`);
  });

  it('can never be more than one line', () => {
    const line = formatW3cLine(W3C_DEFAULT_FIELDS, { 'cs-uri-stem': '/a\r\n#Fields: forged' });
    expect(line.match(/\n/g)).toHaveLength(1);
    expect(line).toContain('/a++#Fields:+forged');
  });
});

it('has a block of directives that names the columns', () => {
  expect(formatW3cDirectives(MOMENT, ['date', 'cs-correlation-id'])).toBe(
    '#Software: Microsoft Internet Information Services 10.0\r\n#Version: 1.0\r\n' +
      '#Date: 2026-03-01 07:08:09\r\n#Fields: date cs-correlation-id\r\n',
  );
});

it('counts time in UTC and whole seconds', () => {
  expect(formatW3cTime(MOMENT)).toEqual({ date: '2026-03-01', time: '07:08:09' });
});

it('names files by the day, with _x where there are custom fields', () => {
  expect(w3cFileName(MOMENT, true)).toBe('u_ex260301_x.log');
  expect(w3cFileName(MOMENT, false)).toBe('u_ex260301.log');
});

it('cuts custom fields at 4096 bytes, between characters', () => {
  expect(cutCustomField(undefined)).toBeUndefined();
  expect(cutCustomField('a'.repeat(4096))).toHaveLength(4096);
  expect(cutCustomField('a'.repeat(4097))).toHaveLength(4096);
  expect(cutCustomField(`${'a'.repeat(4095)}\u00e9`)).toBe('a'.repeat(4095));
});

it('logs the correlation ID of the request and of the response, in columns without blanks', () => {
  expect(CORRELATION_LOG_FIELDS.map(({ sourceType }) => sourceType)).toEqual(['RequestHeader', 'ResponseHeader']);
  for (const { logFieldName } of CORRELATION_LOG_FIELDS) expect(logFieldName).toMatch(/^\S+$/);
});
