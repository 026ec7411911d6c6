import { amznRoot, formatAmznTraceId, formatTraceparent } from '../../src/correlation/trace';
import { parseAmznTraceId, parseTraceparent } from '../../src/correlation/trace';

const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736';
const SPAN = '00f067aa0ba902b7';
const XRAY = '67891233abcdef012345678912345678';
const root = 'Root=1-67891233-abcdef012345678912345678';

describe('parseTraceparent', () => {
  it.each([
    [`00-${TRACE}-${SPAN}-01`, true],
    [`00-${TRACE}-${SPAN}-00`, false],
    [`00-${TRACE}-${SPAN}-03`, true],
    [`00-${TRACE}-${SPAN}-fe`, false],
    [`cc-${TRACE}-${SPAN}-01`, true],
    [`cc-${TRACE}-${SPAN}-01-what-the-future-brings`, true],
  ])('reads %s', (value, sampled) => {
    expect(parseTraceparent(value)).toEqual({ traceId: TRACE, parentSpanId: SPAN, sampled });
  });

  it.each([
    '',
    'junk',
    `ff-${TRACE}-${SPAN}-01`,
    `00-${TRACE}-${SPAN}-01-more`,
    `00-${TRACE}-${SPAN}-01-`,
    `cc-${TRACE}-${SPAN}-01.more`,
    `00-${TRACE.toUpperCase()}-${SPAN}-01`,
    `00-${TRACE}-${SPAN.toUpperCase()}-01`,
    `00-${'0'.repeat(32)}-${SPAN}-01`,
    `00-${TRACE}-${'0'.repeat(16)}-01`,
    `00-${TRACE}-${SPAN}-1`,
    `00-${TRACE}-${SPAN}`,
    `00-${TRACE.slice(1)}-${SPAN}-01`,
    ` 00-${TRACE}-${SPAN}-01`,
    `00-${TRACE}-${SPAN}-01\n`,
    `00-${TRACE}-${SPAN}-01, 00-${TRACE}-${SPAN}-01`,
  ])('refuses %j', (value) => {
    expect(parseTraceparent(value)).toBeUndefined();
  });
});

describe('parseAmznTraceId', () => {
  const self = 'Self=1-67891234-12456789abcdef012345678a';
  it.each([
    [root, {}],
    [`${root};Parent=53995c3f42cd8ad8;Sampled=1`, { parentSpanId: '53995c3f42cd8ad8', sampled: true }],
    [`Sampled=0; Parent=53995C3F42CD8AD8 ;${root};Lineage=1:2:3`, { parentSpanId: '53995c3f42cd8ad8', sampled: false }],
    [`${self};${root}`, {}],
    [root.toUpperCase(), {}],
    [`${root};Sampled=?`, {}],
    [`${root};Parent=${'0'.repeat(16)}`, {}],
    [`${root};Parent=junk;Sampled=yes;=;;x`, {}],
  ])('reads %s', (value, more) => {
    expect(parseAmznTraceId(value)).toEqual({ traceId: XRAY, ...more });
  });

  it.each([
    '',
    'junk',
    self,
    'Root=',
    'Root=1-6789123-abcdef012345678912345678',
    'Root=2-67891233-abcdef012345678912345678',
    'Root=1-67891233-abcdef01234567891234567g',
    'Root=1-67891233-abcdef012345678912345678x',
    `Root=1-00000000-${'0'.repeat(24)}`,
    'Parent=53995c3f42cd8ad8;Sampled=1',
    `${'a=b;'.repeat(10_000)}${root}`,
  ])('refuses %#', (value) => {
    expect(parseAmznTraceId(value)).toBeUndefined();
  });
});

describe('formatting', () => {
  it.each([true, false])('writes what is read back, sampled %s', (sampled) => {
    const trace = { traceId: XRAY, parentSpanId: SPAN, sampled };
    expect(parseTraceparent(formatTraceparent(XRAY, SPAN, sampled))).toEqual(trace);
    expect(parseAmznTraceId(formatAmznTraceId(trace))).toEqual(trace);
  });

  it('writes only what is known', () => {
    expect(formatAmznTraceId({ traceId: XRAY })).toBe(root);
    expect(amznRoot(XRAY)).toBe(root.slice('Root='.length));
  });
});
