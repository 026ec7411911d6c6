import { readRemovedHeaders } from '../../../src/local/gateway/removed-headers';
import { cleanUp, definitionOf, gatewayFor, send, startOrigin } from './support';

afterEach(cleanUp);

it('an HTTP API takes headers off the answers that it is told to, by status', async () => {
  const { authority } = await startOrigin((request, response) => {
    response.writeHead(request.url === '/gone' ? 404 : 200, { 'X-Baton-User': 'hash', 'x-other': 'stays' });
    response.end();
  });
  const responseParameters = { 200: { 'remove:header.x-baton-USER': "''" }, 500: { 'remove:header.X-Other': "''" } };
  const { url } = await gatewayFor({
    kind: 'http',
    definition: definitionOf('http', {
      'GET /a': { responseParameters },
      'GET /gone': { responseParameters, uri: 'https://${stageVariables.origin}/gone' },
      'GET /b': {},
    }),
    authorizers: {},
    stageVariables: { origin: authority },
  });
  const shown = async (path: string): Promise<unknown[]> => {
    const { headers } = await send(`${url}${path}`);
    return [headers['x-baton-user'], headers['x-other']];
  };
  expect(await shown('/a')).toEqual([undefined, 'stays']);
  expect(await shown('/gone')).toEqual(['hash', 'stays']);
  expect(await shown('/b')).toEqual(['hash', 'stays']);
});

it.each<[string, unknown]>([
  ['no object', 'x'],
  ['no status', { ok: { 'remove:header.a': "''" } }],
  ['a status that no answer has', { 100: { 'remove:header.a': "''" } }],
  ['a status with no object', { 200: 'x' }],
  ['a mapping that is not played', { 200: { 'overwrite:header.a': 'b' } }],
])('%s is said not to be played', (_what, parameters) => {
  expect(readRemovedHeaders(parameters)).toEqual(expect.any(String));
});

it('a REST API that is told to take headers off does not start', async () => {
  const responseParameters = { 200: { 'remove:header.a': "''" } };
  const definition = definitionOf('rest', { 'GET /a': { responseParameters } });
  const started = gatewayFor({ kind: 'rest', definition, authorizers: {}, stageVariables: { origin: '127.0.0.1:9' } });
  await expect(started).rejects.toMatchObject({
    code: 'relay_failed',
    message: expect.stringContaining('a proxy') as string,
  });
});
