import { readEnvelope } from '../../src/token/envelope';
import { codeOf } from '../support/errors';

const envelope = { baton: 1, handOver: 'a.b.c', correlationId: 'c-1', payload: { id: 7 } };

describe('a work envelope', () => {
  it.each([
    ['as it was written', envelope, envelope],
    ['with a trace', { ...envelope, traceparent: 'tp' }, { ...envelope, traceparent: 'tp' }],
    ['without what is no trace', { ...envelope, traceparent: 7 }, envelope],
    ['without members of others', { ...envelope, user: 'root' }, envelope],
    ['with an empty payload as null', { ...envelope, payload: undefined }, { ...envelope, payload: null }],
    ['with a payload of nothing', { ...envelope, payload: 0 }, { ...envelope, payload: 0 }],
  ])('is read %s', (_name, event, expected) => {
    expect(readEnvelope(event)).toEqual(expected);
  });

  it.each([
    ['null', null],
    ['nothing', undefined],
    ['a text', JSON.stringify(envelope)],
    ['a list', [envelope]],
    ['a bare payload', { id: 7 }],
    ['an API Gateway event', { version: '2.0', headers: {}, body: JSON.stringify(envelope) }],
    ['a later version', { ...envelope, baton: 2 }],
    ['a version as text', { ...envelope, baton: '1' }],
    ['no token', { ...envelope, handOver: undefined }],
    ['a list of tokens', { ...envelope, handOver: ['a.b.c'] }],
    ['no correlation ID', { ...envelope, correlationId: undefined }],
    ['an object as correlation ID', { ...envelope, correlationId: {} }],
  ])('is refused: %s', async (_name, event) => {
    expect(await codeOf(() => readEnvelope(event))).toBe('event_invalid');
  });
});
