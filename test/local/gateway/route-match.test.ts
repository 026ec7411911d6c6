import { readDefinition } from '../../../src/local/gateway/definition';
import { matchRoute } from '../../../src/local/gateway/route-match';
import { definitionOf } from './support';

const keys = [
  'GET /',
  'GET /invoices',
  'GET /invoices/{id}',
  'GET /invoices/open',
  'POST /invoices/{id}/approve',
  'GET /files/{proxy+}',
  'ANY /files/static/{name}',
  'ANY /{proxy+}',
];

function find(kind: 'rest' | 'http', method: string, path: string, extra: string[] = []): [string, object] | undefined {
  const operations = readDefinition(
    kind,
    definitionOf(kind, Object.fromEntries([...keys, ...extra].map((key) => [key, {}]))),
    undefined,
  );
  const match = matchRoute(kind, operations, method, path);
  return match && [`${match.operation.method} ${match.operation.template.path}`, match.pathParameters];
}

describe.each(['rest', 'http'] as const)('matchRoute, %s', (kind) => {
  it.each([
    ['GET', '/', 'GET /', {}],
    ['GET', '/invoices', 'GET /invoices', {}],
    ['GET', '/invoices/7', 'GET /invoices/{id}', { id: '7' }],
    ['GET', '/invoices/open', 'GET /invoices/open', {}],
    ['GET', '/invoices/a%20b', 'GET /invoices/{id}', { id: 'a b' }],
    ['GET', '/files/a/b.pdf', 'GET /files/{proxy+}', { proxy: 'a/b.pdf' }],
    ['PUT', '/files/static/x', 'ANY /files/static/{name}', { name: 'x' }],
    ['GET', '/Invoices', 'ANY /{proxy+}', { proxy: 'Invoices' }],
    ['GET', '/invoices/', 'ANY /{proxy+}', { proxy: 'invoices/' }],
    ['DELETE', '/elsewhere', 'ANY /{proxy+}', { proxy: 'elsewhere' }],
  ])('%s %s → %s', (method, path, key, parameters) => {
    expect(find(kind, method, path)).toEqual([key, parameters]);
  });

  it('takes no empty parameter', () => {
    expect(find(kind, 'GET', '/files/')?.[0]).toBe('ANY /{proxy+}');
  });

  it('throws for a parameter that cannot be decoded', () => {
    expect(() => find(kind, 'GET', '/invoices/%E0%A4%A')).toThrow(URIError);
  });
});

describe('a method that the most specific path lacks', () => {
  it('is refused on REST, where the path alone picks the resource', () => {
    expect(find('rest', 'DELETE', '/invoices/7')).toBeUndefined();
  });

  it('falls back to a less specific route on an HTTP API', () => {
    expect(find('http', 'DELETE', '/invoices/7')?.[0]).toBe('ANY /{proxy+}');
  });
});

it('takes $default last', () => {
  const operations = readDefinition('http', definitionOf('http', { 'ANY /$default': {}, 'GET /a': {} }), undefined);
  expect(matchRoute('http', operations, 'GET', '/a')?.operation.template.path).toBe('/a');
  expect(matchRoute('http', operations, 'GET', '/b/c')?.operation.template.path).toBe('/$default');
});
