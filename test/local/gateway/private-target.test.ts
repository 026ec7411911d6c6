import { readDefinition } from '../../../src/local/gateway/definition';
import { definitionOf } from './support';

/** A definition whose one integration has these members on top. */
function definitionWith(kind: 'rest' | 'http', members: object): object {
  const definition = structuredClone(definitionOf(kind, { 'GET /a': {} })) as {
    paths: Record<string, { get: Record<string, object> }>;
  };
  Object.assign(definition.paths['/a']!.get['x-amazon-apigateway-integration']!, members);
  return definition;
}

const ARN = 'arn:aws:elasticloadbalancing:eu-west-1:123456789012:listener/app/iis/50dc6c495c0c9188/0467ef3c8400ae65';
const link = { connectionType: 'VPC_LINK', connectionId: 'abc123' };

it.each([
  ['an ARN', { ...link, uri: ARN }],
  ['what CloudFormation fills in', { ...link, uri: { Ref: 'OriginListenerArn' } }],
])('the listener of a private load balancer, by %s, leads to the origin', (_what, members) => {
  const [operation] = readDefinition('http', definitionWith('http', members), undefined);
  expect(operation?.integration.uri).toBe('https://${stageVariables.origin}');
});

it('an address keeps its meaning behind a VPC link, as a REST API has it', () => {
  const members = { ...link, uri: 'https://${stageVariables.origin}/a' };
  for (const kind of ['rest', 'http'] as const) {
    const [operation] = readDefinition(kind, definitionWith(kind, members), undefined);
    expect(operation?.integration.uri).toBe(members.uri);
  }
});

it.each([
  ['without a VPC link', 'http', { uri: ARN }],
  ['on a REST API', 'rest', { ...link, uri: ARN }],
  ['that is a service', 'http', { ...link, uri: 'services/iis' }],
] as const)('no address %s is refused', (_what, kind, members) => {
  expect(() => readDefinition(kind, definitionWith(kind, members), undefined)).toThrow(
    'needs a "uri" that starts with',
  );
});
