import { isCorrelationId, newCorrelationId } from '../../src/correlation/correlation-id';
import { outgoingHeaders } from '../../src/correlation/outgoing';
import { resolveCorrelation } from '../../src/correlation/resolve';

const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736';
const SPAN = '00f067aa0ba902b7';
const traceparent = `00-${TRACE}-${SPAN}-01`;
const XRAY = '67891233abcdef012345678912345678';
const root = 'Root=1-67891233-abcdef012345678912345678';
const ZERO_ROOT = `Root=1-00000000-${'0'.repeat(24)}`;
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

describe('isCorrelationId', () => {
  it.each(['a', 'JKJaXmPLvHcESHA=', 'c6af9ac6-7b61-11e6-9a41-93e8deadbeef', '1-6789:a_b.c', 'x'.repeat(128)])(
    'takes %s',
    (id) => expect(isCorrelationId(id)).toBe(true),
  );

  const refused = [
    '',
    'x'.repeat(129),
    'a b',
    'a+b',
    'a/b',
    'a,b',
    'a"b',
    'é',
    'a\n',
    '\na',
    'a\r\nX: y',
    '\u001b[31m',
  ];
  it.each([...refused, undefined, null, 7, ['a'], {}])('refuses %j', (id) => {
    expect(isCorrelationId(id)).toBe(false);
  });

  it('makes UUIDs that it takes', () => {
    expect(newCorrelationId()).toMatch(UUID);
    expect(isCorrelationId(newCorrelationId())).toBe(true);
  });
});

describe('resolveCorrelation', () => {
  const w3c = { traceId: TRACE, parentSpanId: SPAN, sampled: true };

  it.each([
    ['the header alone', { 'x-correlation-id': 'c-1' }, { correlationId: 'c-1', source: 'header', replaced: false }],
    [
      'the header before both traces; the W3C trace before AWS',
      { 'x-correlation-id': 'c-1', traceparent, 'x-amzn-trace-id': root },
      { correlationId: 'c-1', source: 'header', replaced: false, ...w3c },
    ],
    [
      'traceparent before X-Amzn-Trace-Id',
      { traceparent, 'x-amzn-trace-id': root },
      { correlationId: TRACE, source: 'traceparent', replaced: false, ...w3c },
    ],
    [
      'X-Amzn-Trace-Id',
      { 'x-amzn-trace-id': root },
      { correlationId: root.slice(5), source: 'x-amzn-trace-id', replaced: false, traceId: XRAY },
    ],
    [
      'X-Amzn-Trace-Id where traceparent is broken',
      { traceparent: 'junk', 'x-amzn-trace-id': root },
      { correlationId: root.slice(5), source: 'x-amzn-trace-id', replaced: false, traceId: XRAY },
    ],
    [
      'the trace where the header is not accepted',
      { 'x-correlation-id': 'a b', traceparent },
      { correlationId: TRACE, source: 'traceparent', replaced: true, ...w3c },
    ],
    [
      'the trace where the header is empty',
      { 'x-correlation-id': '', traceparent },
      { correlationId: TRACE, source: 'traceparent', replaced: false, ...w3c },
    ],
  ])('takes %s', (_, headers, correlation) => {
    expect(resolveCorrelation(headers)).toEqual(correlation);
  });

  it.each([
    ['nothing', {}, false],
    ['an ID with a line end', { 'x-correlation-id': 'a\r\nb' }, true],
    ['an ID of 10 kB', { 'x-correlation-id': 'a'.repeat(10_000) }, true],
    ['two IDs, as node joins them', { 'x-correlation-id': 'a, b' }, true],
    ['traces of zeros', { traceparent: `00-${'0'.repeat(32)}-${SPAN}-01`, 'x-amzn-trace-id': ZERO_ROOT }, false],
  ])('makes a new ID for %s', (_, headers, replaced) => {
    const correlation = resolveCorrelation(headers);
    expect(correlation).toEqual({ correlationId: expect.stringMatching(UUID), source: 'new', replaced });
  });
});

describe('outgoingHeaders', () => {
  it('gives the correlation ID alone where there is no trace', () => {
    expect(outgoingHeaders({ correlationId: 'c-1' })).toEqual({ 'X-Correlation-Id': 'c-1' });
  });

  it.each([
    [true, '01', ';Sampled=1'],
    [false, '00', ';Sampled=0'],
    [undefined, '00', ''],
  ])('gives the trace in both spellings, sampled %s', (sampled, flags, field) => {
    const headers = outgoingHeaders({ correlationId: 'c-1', traceId: XRAY, ...(sampled !== undefined && { sampled }) });
    const span = headers.traceparent?.split('-')[2];
    expect(span).toMatch(/^[0-9a-f]{16}$/);
    expect(headers).toEqual({
      'X-Correlation-Id': 'c-1',
      traceparent: `00-${XRAY}-${span}-${flags}`,
      'X-Amzn-Trace-Id': `${root};Parent=${span}${field}`,
    });
  });

  it('gives each call a span of its own, never that of the sender', () => {
    const context = { correlationId: 'c-1', traceId: TRACE, parentSpanId: SPAN };
    const spans = [1, 2, 3].map(() => outgoingHeaders(context).traceparent?.split('-')[2]);
    expect(new Set([...spans, SPAN]).size).toBe(4);
  });
});
