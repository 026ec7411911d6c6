import { createHash, createHmac } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { jwkSigner } from '../../src/jws/sign';
import { createOffload, type Offload, type OffloadOptions } from '../../src/offload/offload';
import { asCaller } from '../support/as-caller';
import { thrownBy } from '../support/errors';
import { verifiedParts } from '../support/independent-verifier';
import { invoicesDocument, invoicesPolicy, relayKeys, testClock } from '../support/invoices';
import { FUNCTION_ARN } from '../support/tokens';

interface GatewayCall {
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

let answer: (response: ServerResponse, nth: number) => unknown;
const calls: GatewayCall[] = [];
const server = createServer((request, response) => {
  void text(request).then((body) => {
    calls.push({ url: request.url ?? '', headers: request.headers, body });
    answer(response, calls.length);
  });
});
let origin = '';
beforeAll(async () => {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
beforeEach(() => {
  calls.length = 0;
  answer = (response) => response.end('{"pages":3}');
});
afterAll(() => {
  server.close();
  server.closeAllConnections();
});

const credentials = {
  accessKeyId: 'AKIDEXAMPLE',
  secretAccessKey: 'secret-for-tests',
  sessionToken: 'session/token==',
};

function offloadBy(https: object, members: object = {}, options: OffloadOptions = {}): Offload {
  const target = invoicesDocument.functions['render-invoice'];
  const url = `${origin}/prod/render%20it?b=2&a=1`;
  const functions = { 'render-invoice': { ...target, https: { url, ...https }, ...members } };
  const clientConfig = { region: 'us-east-1', credentials };
  const signer = jwkSigner(relayKeys.handOver.privateJwk);
  return createOffload({ policy: invoicesPolicy({ functions }), signer, clock: testClock, clientConfig, ...options });
}

const invoke = (offload: Offload): Promise<unknown> =>
  asCaller({ context: { traceId: '0af7651916cd43dd8448eb211c80319c' } }, () =>
    offload.invoke('render-invoice', { id: 7 }),
  );

/** The signature of RFC-less Signature Version 4, by node:crypto alone, over what came in. */
function signatureOf({ url, headers, body }: GatewayCall, signed: readonly string[], scope: string): string {
  const [path = '', query = ''] = url.split('?');
  const hash = (value: string): string => createHash('sha256').update(value).digest('hex');
  const canonical = [
    'POST',
    path.split('/').map(encodeURIComponent).join('/'),
    query.split('&').sort().join('&'),
    ...signed.map((name) => `${name}:${String(headers[name]).trim()}`),
    '',
    signed.join(';'),
    hash(body),
  ].join('\n');
  const toSign = ['AWS4-HMAC-SHA256', headers['x-amz-date'], scope, hash(canonical)].join('\n');
  const key = scope
    .split('/')
    .reduce<string | Buffer>(
      (secret, part) => createHmac('sha256', secret).update(part).digest(),
      `AWS4${credentials.secretAccessKey}`,
    );
  return createHmac('sha256', key).update(toSign).digest('hex');
}

describe('a function behind API Gateway', () => {
  it('is called by the hand-over token, and sent what Invoke would send', async () => {
    expect(await invoke(offloadBy({}))).toEqual({ pages: 3 });
    const [call] = calls;
    const { handOver, ...envelope } = JSON.parse(call!.body) as Record<string, unknown>;
    expect(envelope).toEqual({
      baton: 1,
      correlationId: 'c-4711',
      traceparent: expect.any(String),
      payload: { id: 7 },
    });
    expect(call!.headers).toMatchObject({
      authorization: `Bearer ${String(handOver)}`,
      'content-type': 'application/json',
      'x-correlation-id': 'c-4711',
      traceparent: envelope.traceparent,
      'x-amzn-trace-id': expect.stringMatching(/^Root=1-0af76519-/),
    });
    expect(verifiedParts(String(handOver), relayKeys.handOver.publicKey).claims).toMatchObject({ aud: FUNCTION_ARN });
    expect(calls).toHaveLength(1);
  });

  it('is called as an IAM role: each header and byte signed for execute-api in the region of the target', async () => {
    await invoke(offloadBy({ auth: 'sigv4' }));
    const [call] = calls;
    const pattern =
      /^AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE\/(\d{8}\/eu-west-1\/execute-api\/aws4_request), SignedHeaders=([a-z0-9;-]+), Signature=([0-9a-f]{64})$/;
    const [, scope = '', names = '', signature] = pattern.exec(call!.headers.authorization ?? '') ?? [];
    const signed = names.split(';');
    expect(signed).toEqual(expect.arrayContaining(['host', 'x-amz-date', 'x-amz-security-token', 'x-correlation-id']));
    expect(signatureOf(call!, signed, scope)).toBe(signature);
    expect(call!.headers['x-amz-security-token']).toBe(credentials.sessionToken);
  });

  it.each([
    ['bearer', undefined],
    [
      'sigv4',
      {
        kind: 'function',
        name: 'render-invoice',
        arn: 'arn:aws:execute-api:eu-west-1:123456789012:*/*',
        actions: ['execute-api:Invoke'],
      },
    ],
  ])('asks for credentials of the caller only where it signs: %s', async (auth, target) => {
    const forTarget = jest.fn((..._asked: unknown[]) => Promise.resolve({ ...credentials, accessKeyId: 'ASIACALLER' }));
    await invoke(offloadBy({ auth }, {}, { credentials: { forTarget } }));
    expect(forTarget.mock.calls.map(([, asked]) => asked)).toEqual(target === undefined ? [] : [target]);
    expect(calls[0]!.headers.authorization).toContain(target === undefined ? 'Bearer ' : 'Credential=ASIACALLER/');
  });

  const failure = JSON.stringify({ errorType: 'TypeError', errorMessage: 'inner words', trace: ['at x'] });
  const replies =
    (status: number, body = '{"message":"inner words"}', headers: Record<string, string> = {}) =>
    (response: ServerResponse): unknown =>
      response.writeHead(status, headers).end(body);
  const throttled = { 'x-amzn-errortype': 'TooManyRequestsException' };
  const guards = (status: number, code: string): ReturnType<typeof replies> =>
    replies(status, JSON.stringify({ type: `urn:iis-baton:error:${code}`, title: 'inner words', status, code }), {
      'content-type': 'application/problem+json; charset=utf-8',
    });
  const rows: readonly (readonly [string, ReturnType<typeof replies>, object, number])[] = [
    ['the authorizer does not take the token', replies(401), { code: 'function_access_denied', status: 502 }, 1],
    [
      'IAM refuses',
      replies(403, '{}', { 'x-amzn-errortype': 'AccessDeniedException' }),
      { code: 'function_access_denied' },
      1,
    ],
    [
      'the signature is too old',
      replies(403, '{}', { 'x-amzn-errortype': 'InvalidSignatureException:http://x' }),
      { code: 'function_access_denied', reason: 'InvalidSignatureException' },
      1,
    ],
    ['there is no such route', replies(404), { code: 'function_unknown' }, 1],
    ['the body is too large', replies(413), { code: 'payload_too_large' }, 1],
    ['AWS throttles', replies(429, '{}', throttled), { code: 'function_throttled' }, 3],
    [
      'somebody throttles, perhaps the function',
      replies(429, '{}', { 'retry-after': '7' }),
      { code: 'function_throttled', retryAfterSeconds: 7 },
      1,
    ],
    ['the integration fails', replies(500), { code: 'function_failed', reason: 'Http500' }, 1],
    ['the function fails', replies(502, failure), { code: 'function_failed', reason: 'TypeError' }, 1],
    [
      'the function fails and the gateway says 200',
      replies(200, failure),
      { code: 'function_failed', reason: 'TypeError' },
      1,
    ],
    [
      'the function refuses its caller',
      replies(200, '{"errorType":"baton.permission_denied","errorMessage":"x"}'),
      { code: 'permission_denied' },
      1,
    ],
    [
      'the guard refuses the caller',
      guards(403, 'permission_denied'),
      { code: 'permission_denied', reason: 'function' },
      1,
    ],
    ['the guard refuses the token', guards(401, 'token_invalid'), { code: 'function_access_denied' }, 1],
    ['the guard has no keys', guards(503, 'keys_unavailable'), { code: 'function_unavailable' }, 1],
    ['the gateway is away', replies(503), { code: 'function_unavailable' }, 1],
    ['the gateway waits no longer', replies(504), { code: 'function_timeout' }, 1],
    [
      'the answer is a redirect',
      replies(307, '', { location: 'http://127.0.0.1:1/' }),
      { code: 'function_failed', reason: 'Http307' },
      1,
    ],
    ['the answer is no JSON', replies(200, '<html>'), { code: 'function_failed' }, 1],
    ['the connection breaks', (response) => response.socket?.destroy(), { code: 'function_unavailable' }, 1],
    ['no answer comes', () => {}, { code: 'function_timeout' }, 1],
  ];
  it.each(rows)('says what it was when %s', async (_name, reply, expected, times) => {
    answer = reply;
    const error = await thrownBy(() => invoke(offloadBy({})));
    expect(error).toMatchObject(expected);
    expect(error.message).not.toMatch(/inner words|Bearer|eyJ/);
    expect(calls.length).toBe(times);
  });

  it('calls again, idempotent, what somebody throttled or broke', async () => {
    answer = (response, nth) => {
      if (nth === 1) response.writeHead(429).end('{}');
      else if (nth === 2) response.socket?.destroy();
      else response.end('"done"');
    };
    expect(await invoke(offloadBy({}, { idempotent: true }))).toBe('done');
    expect(new Set(calls.map(({ body }) => body)).size).toBe(1);
  });

  it('calls nobody twice where nobody listens, and tries the connection as often as it may', async () => {
    const closed = createServer().listen(0, '127.0.0.1');
    await once(closed, 'listening');
    const url = `http://127.0.0.1:${(closed.address() as AddressInfo).port}/x`;
    closed.close();
    await once(closed, 'close');
    const random = jest.fn(() => 0);
    const error = await thrownBy(() => invoke(offloadBy({ url }, {}, { random })));
    expect(error).toMatchObject({ code: 'function_unavailable', reason: 'ECONNREFUSED' });
    expect(random).toHaveBeenCalledTimes(2);
  });

  it('gives its answer in pieces', async () => {
    answer = (response) => {
      response.writeHead(200, { 'content-type': 'text/csv' }).write('a;b\n');
      response.end('1;2\n');
    };
    const opened = await asCaller({}, () => offloadBy({}).stream('render-invoice', {}));
    expect([opened.contentType, await text(opened.body)]).toEqual(['text/csv', 'a;b\n1;2\n']);
  });
});

describe('the policy', () => {
  it.each([
    ['http://gateway.example.com/x'],
    ['https://user:secret@gateway.example.com/x'],
    ['https://gateway.example.com/x#y'],
    ['https://gateway.example.com'],
    ['http://127.0.0.1.example.com/x'],
  ])('does not take %s', (url) => {
    expect(() => offloadBy({ url })).toThrow(expect.objectContaining({ code: 'policy_invalid' }));
  });
});
