import { readAuthorizerEvent } from '../../src/authorizer/event';
import {
  changed,
  CLIENT_ADDRESS,
  HTTP_STAGE,
  httpApiEvent,
  httpApiEventV1,
  REST_STAGE,
  restEvent,
} from '../support/authorizer-events';
import { thrownBy } from '../support/errors';

const BEARER = 'Bearer aaa.bbb.ccc';
const rest = restEvent({ authorization: BEARER });
const http = httpApiEvent({ authorization: BEARER });
const route = { method: 'GET', path: '/invoices/7' };
const restFields = { format: 'iam', sourceIp: CLIENT_ADDRESS, route, arn: `${REST_STAGE}/GET/invoices/7` };
const httpFields = { format: 'simple', sourceIp: CLIENT_ADDRESS, route, arn: `${HTTP_STAGE}/GET/invoices/7` };

/** The same REST event with these header lines alone; `lines` with the same name become one multi-value header. */
function withHeaders(...lines: readonly (readonly [string, string])[]): unknown {
  const multiValueHeaders: Record<string, string[]> = {};
  for (const [name, value] of lines) (multiValueHeaders[name] ??= []).push(value);
  return changed(rest, { headers: Object.fromEntries(lines), multiValueHeaders });
}

describe('an authorizer event', () => {
  it.each([
    ['REST', rest, restFields],
    ['HTTP API 2.0', http, httpFields],
    ['HTTP API 1.0', httpApiEventV1({ authorization: BEARER }), restFields],
    ['REST without multi-value headers', changed(rest, { multiValueHeaders: null }), restFields],
    ['REST, header in lower case', withHeaders(['authorization', BEARER]), restFields],
    ['REST, header in upper case', withHeaders(['AUTHORIZATION', BEARER]), restFields],
    ['REST, scheme in lower case', withHeaders(['Authorization', 'bearer aaa.bbb.ccc']), restFields],
    ['HTTP API with a second identity source', changed(http, { identitySource: ['eu', BEARER] }), httpFields],
    [
      'REST without a source address',
      changed(rest, { requestContext: { identity: null } }),
      { ...restFields, sourceIp: undefined },
    ],
  ])('is read: %s', (_name, event, expected) => {
    expect(readAuthorizerEvent(event)).toEqual({ bearerToken: 'aaa.bbb.ccc', ...expected });
  });

  it.each([
    ['no header', restEvent()],
    ['an empty header', withHeaders(['Authorization', ''])],
    ['only another header', withHeaders(['X-Authorization', BEARER])],
    ['HTTP API 1.0 without header', httpApiEventV1()],
  ])('carries no identity: %s', async (_name, event) => {
    expect(await thrownBy(() => readAuthorizerEvent(event))).toMatchObject({ code: 'identity_missing' });
  });

  const joined = `${BEARER},${BEARER}`;
  it.each([
    ['another scheme', withHeaders(['Authorization', 'Basic dXNlcjpwYXNz'])],
    ['the scheme alone', withHeaders(['Authorization', 'Bearer'])],
    ['two tokens in one value', withHeaders(['Authorization', `${BEARER} ddd`])],
    ['a comma-joined pair', withHeaders(['Authorization', joined])],
    ['HTTP API, a comma-joined pair', httpApiEvent({ authorization: joined })],
    ['the header twice', withHeaders(['Authorization', BEARER], ['Authorization', BEARER])],
    ['the header in two spellings', withHeaders(['Authorization', BEARER], ['authorization', 'Bearer x.y.z'])],
    ['an empty one before', withHeaders(['Authorization', ' '], ['authorization', BEARER])],
    ['a line break behind', withHeaders(['Authorization', `${BEARER}\n`])],
    ['a no-break space', withHeaders(['Authorization', 'Bearer\u00a0aaa.bbb.ccc'])],
  ])('carries a malformed identity: %s', async (_name, event) => {
    expect(await thrownBy(() => readAuthorizerEvent(event))).toMatchObject({
      code: 'token_invalid',
      reason: 'malformed',
    });
  });

  it.each([
    ['null', null, /no API Gateway/],
    ['a text', 'REQUEST', /no API Gateway/],
    ['a list', [], /no API Gateway/],
    ['an empty object', {}, /no API Gateway/],
    ['an SQS event', { Records: [] }, /no API Gateway/],
    ['type TOKEN', { type: 'TOKEN', methodArn: rest.methodArn, authorizationToken: BEARER }, /type TOKEN/],
    ['REST without methodArn', changed(rest, { methodArn: undefined }), /methodArn/],
    ['HTTP API without routeArn', changed(http, { routeArn: '' }), /routeArn/],
    ['HTTP API, other identity source', changed(http, { identitySource: ['tenant-1'] }), /identity source/],
    ['HTTP API, no identity source', changed(http, { identitySource: null }), /identity source/],
    ['HTTP API, identity source as text', changed(http, { identitySource: BEARER }), /identity source/],
    [
      'HTTP API 1.0, other identity source',
      changed(httpApiEventV1({ authorization: BEARER }), { identitySource: 'tenant-1' }),
      /identity source/,
    ],
  ])('is refused: %s', async (_name, event, message) => {
    const error = await thrownBy(() => readAuthorizerEvent(event));
    expect(error).toMatchObject({ code: 'event_invalid', message: expect.stringMatching(message) });
  });
});
