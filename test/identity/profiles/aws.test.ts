import { createEdge, type Edge } from '../../../src/identity/edge';
import { compilePolicy } from '../../../src/policy/policy';
import {
  ALB,
  headersOf,
  keyServerOf,
  policyBehind,
  standInOf,
  VAI,
  headerChanger,
  type AssertionChanges,
} from '../../support/edges';
import { faultOf } from '../../support/errors';
import { testClock as clock } from '../../support/invoices';
import { problemsOf } from '../../support/policies';
import { NOW } from '../../support/tokens';

/** An edge and every address that it asked. */
function edgeOf(profile: string, changes: Record<string, unknown> = {}): { edge: Edge; asked: string[] } {
  const asked: string[] = [];
  const standIn = standInOf(profile);
  return {
    edge: createEdge(policyBehind(standIn, changes), { clock, fetch: keyServerOf(standIn, asked) }),
    asked,
  };
}

describe.each([
  ['aws-alb', ALB],
  ['aws-verified-access', VAI],
])('the signer of %s', (profile, arn) => {
  it.each<[string, AssertionChanges]>([
    ['another account’s', { header: { signer: arn.replace('123456789012', '210987654321') } }],
    ['another of the same account', { header: { signer: arn.replace(/.$/, (digit) => (digit === '0' ? '1' : '0')) } }],
    ['the right one with more behind it', { header: { signer: `${arn}/x` } }],
    ['in another letter case', { header: { signer: arn.toUpperCase() } }],
    ['a list', { header: { signer: [arn] } }],
    ['missing', { header: { signer: undefined } }],
    ['in the payload only', { header: { signer: undefined }, claims: { signer: arn } }],
  ])('%s is refused, however well it is signed, and no key is asked for', async (_name, changes) => {
    const { edge, asked } = edgeOf(profile);
    expect(await faultOf(() => edge.verify(headersOf(standInOf(profile), changes)))).toBe('signer');
    expect(asked).toEqual([]);
  });

  it('is looked at before a key of a made-up kid is: 1,000 assertions of strangers, no fetch', async () => {
    const { edge, asked } = edgeOf(profile);
    const withHeader = headerChanger(standInOf(profile));
    for (let i = 0; i < 1000; i++) {
      const header = { signer: `${arn}x`, kid: `${String(i).padStart(8, '0')}-0000-4000-8000-000000000000` };
      const assertion = withHeader(header);
      expect(await faultOf(() => edge.verify([standInOf(profile).header, assertion]))).toBe('signer');
    }
    expect(asked).toEqual([]);
  });

  it.each(['../../secret', 'key-1', '5F1C9D0E-3B1A-4C55-9A3E-0D5A1D6F7B21', '5f1c9d0e-3b1a-4c55-9a3e-0d5a1d6f7b21/..'])(
    'comes with a kid that is a UUID: %s asks for nothing',
    async (kid) => {
      const { edge, asked } = edgeOf(profile);
      expect(await faultOf(() => edge.verify(headersOf(standInOf(profile), { header: { kid } })))).toBe('key_unknown');
      expect(asked).toEqual([]);
    },
  );
});

describe('the header and the payload of a load balancer', () => {
  const alb = standInOf('aws-alb');

  it.each<[string, AssertionChanges, string]>([
    ['another client', { header: { client: 'client-2' } }, 'audience'],
    ['no client', { header: { client: undefined } }, 'audience'],
    ['an issuer in the payload only', { header: { iss: undefined } }, 'issuer'],
    ['two issuers', { claims: { iss: 'https://login.example.net' } }, 'issuer'],
    ['an end in the payload only', { header: { exp: undefined } }, 'claims'],
    ['a payload that ended before', { claims: { exp: NOW - 30 } }, 'expired'],
    ['a payload that never ends', { claims: { exp: NOW + 100_000 } }, 'lifetime'],
    ['a payload whose end is no number', { claims: { exp: null } }, 'claims'],
  ])('with %s are refused', async (_name, changes, fault) => {
    expect(await faultOf(() => edgeOf('aws-alb').edge.verify(headersOf(alb, changes)))).toBe(fault);
  });

  it('give the earlier end; a payload without issuer and end is enough', async () => {
    const { edge } = edgeOf('aws-alb');
    const earlier = await edge.verify(headersOf(alb, { claims: { exp: NOW + 60 } }));
    expect(earlier?.identity.expiresAt).toBe(NOW + 60);
    const bare = await edge.verify(headersOf(alb, { claims: { iss: undefined, exp: undefined } }));
    expect(bare?.identity).toMatchObject({ expiresAt: NOW + 120, authentication: { provider: 'aws-alb' } });
    expect(bare?.transaction.rctx).not.toHaveProperty('idp_exp');
  });

  it('are padded, all three parts, and what is signed holds the padding', async () => {
    const { edge } = edgeOf('aws-alb');
    const [name, assertion] = headersOf(alb, { claims: { pad: 'xx' } });
    expect(assertion.split('.').some((part) => part.endsWith('='))).toBe(true);
    expect(await edge.verify([name, assertion])).toBeDefined();
    const [head = '', payload = '', signature = ''] = assertion.split('.');
    for (const changed of [
      assertion.replace(/=+$/, ''),
      `${assertion}=`,
      `${head}.${payload}.${signature.replace('==', '=A')}`,
      `${head}.${payload}.===`,
      `=.${payload}.${signature}`,
      `${head}====.${payload}.${signature}`,
    ]) {
      expect(await faultOf(() => edge.verify([name, changed]))).toBe('malformed');
    }
  });

  it('of a Verified Access instance are taken padded and unpadded', async () => {
    const { edge } = edgeOf('aws-verified-access');
    const standIn = standInOf('aws-verified-access');
    expect(await edge.verify(headersOf(standIn))).toBeDefined();
    expect(await edge.verify(headersOf(standIn, { otherPadding: true }))).toBeDefined();
  });
});

describe('where the keys are', () => {
  it.each([
    ['aws-alb', 'arn:aws-us-gov:elasticloadbalancing:us-gov-west-1:123456789012:loadbalancer/app/a/50dc6c495c0c9188'],
    ['aws-alb', 'arn:aws:elasticloadbalancing:ap-south-1:123456789012:loadbalancer/app/a/50dc6c495c0c9188'],
  ])('is told by the ARN of %s %s', async (profile, signer) => {
    const { edge, asked } = edgeOf(profile, { signer });
    const standIn = standInOf(profile);
    expect(await faultOf(() => edge.verify(headersOf(standIn, { header: { signer } })))).toBe('key_unknown');
    const base = signer.includes('gov')
      ? 'https://s3-us-gov-west-1.amazonaws.com/aws-elb-public-keys-prod-us-gov-west-1'
      : 'https://public-keys.auth.elb.ap-south-1.amazonaws.com';
    expect(asked).toEqual([`${base}/${standIn.key.kid}`]);
  });

  it('must be said in partitions of which it is not known', () => {
    const edge = { ...standInOf('aws-alb').edge, signer: ALB.replace('arn:aws:', 'arn:aws-cn:') };
    const document = { application: 'invoices', edge, roles: {} };
    expect(problemsOf(document).map(({ pointer }) => pointer)).toEqual(['/edge/keys']);
    const keys = { pemUrl: 'https://keys.example.com' };
    expect(compilePolicy({ ...document, edge: { ...edge, keys } }).application).toBe('invoices');
  });
});
