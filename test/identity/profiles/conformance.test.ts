import express from 'express';
import type { TokenFault } from '../../../src/core/errors';
import { createEdge, type Edge } from '../../../src/identity/edge';
import { appWith, listen, memoryLog, rawRequest } from '../../middleware/apps';
import {
  assertionOf,
  headersOf,
  keyServerOf,
  policyBehind,
  standIns,
  headerChanger,
  type AssertionChanges,
  type EdgeStandIn,
} from '../../support/edges';
import { codeOf, faultOf, thrownBy } from '../../support/errors';
import { testClock as clock } from '../../support/invoices';
import { makeKey, NOW } from '../../support/tokens';

/** An edge and every address that it asked. */
function edgeOf(standIn: EdgeStandIn): { edge: Edge; asked: string[] } {
  const asked: string[] = [];
  return { edge: createEdge(policyBehind(standIn), { clock, fetch: keyServerOf(standIn, asked) }), asked };
}

/** Changes to the claims that stand where this edge puts them. */
const registered = ({ claimsIn }: EdgeStandIn, members: Readonly<Record<string, unknown>>): AssertionChanges =>
  claimsIn === 'header' ? { header: members, claims: members } : { claims: members };
const otherAlgorithm = ({ key }: EdgeStandIn): string => (key.alg === 'RS256' ? 'PS256' : 'RS256');
const inPayload = ({ claimsIn }: EdgeStandIn): boolean => claimsIn === 'payload';

/** A stranger's key under the edge's own kid, made once: RSA keys take their time. */
const strangers = new Map(standIns.map(({ profile, key }) => [profile, makeKey(key.alg, { kid: key.kid })]));

interface Bad {
  readonly name: string;
  readonly fault: TokenFault;
  /** Refused before any key is asked for. */
  readonly unasked?: boolean;
  readonly only?: (standIn: EdgeStandIn) => boolean;
  readonly changes: (standIn: EdgeStandIn) => AssertionChanges;
}

const header = (name: string, fault: TokenFault, members: Readonly<Record<string, unknown>>): Bad => ({
  name,
  fault,
  unasked: true,
  changes: () => ({ header: members }),
});

/** All that is wrong with an assertion that is otherwise this edge's own. */
const bad: readonly Bad[] = [
  {
    name: 'signed by a stranger under the same kid',
    fault: 'signature',
    changes: ({ profile }) => ({ key: strangers.get(profile)! }),
  },
  {
    name: 'of an unknown kid',
    fault: 'key_unknown',
    changes: ({ claimsIn }) => ({
      header: { kid: claimsIn === 'header' ? '00000000-0000-4000-8000-000000000000' : 'other' },
    }),
  },
  header('without a kid', 'key_unknown', { kid: undefined }),
  header('of the algorithm none', 'algorithm', { alg: 'none' }),
  header('of a shared secret', 'algorithm', { alg: 'HS256' }),
  {
    name: 'of another algorithm',
    fault: 'algorithm',
    unasked: true,
    changes: (edge) => ({ header: { alg: otherAlgorithm(edge) } }),
  },
  header('of the type of a Transaction Token', 'type', { typ: 'txntoken+jwt' }),
  header('of a type that is empty', 'type', { typ: '' }),
  header('with critical extensions', 'critical', { crit: ['exp'] }),
  header('with an unencoded payload', 'critical', { b64: false }),
  {
    name: 'padded the other way round',
    fault: 'malformed',
    unasked: true,
    // AWS does not say whether every instance pads.
    only: ({ profile }) => profile !== 'aws-verified-access',
    changes: () => ({ otherPadding: true }),
  },
  {
    name: 'of another issuer',
    fault: 'issuer',
    changes: (edge) => registered(edge, { iss: 'https://login.example.net' }),
  },
  { name: 'without an issuer', fault: 'issuer', changes: (edge) => registered(edge, { iss: undefined }) },
  {
    name: 'for another audience',
    fault: 'audience',
    only: ({ otherAudience }) => otherAudience !== undefined,
    changes: ({ otherAudience }) => otherAudience!,
  },
  { name: 'without an audience', fault: 'audience', only: inPayload, changes: () => ({ claims: { aud: undefined } }) },
  {
    name: 'that has ended',
    fault: 'expired',
    changes: (edge) => registered(edge, { ...(inPayload(edge) && { iat: NOW - 100 }), exp: NOW - 60 }),
  },
  { name: 'without an end', fault: 'claims', changes: (edge) => registered(edge, { exp: undefined }) },
  { name: 'whose end is a text', fault: 'claims', changes: (edge) => registered(edge, { exp: String(NOW + 60) }) },
  { name: 'that lives too long', fault: 'lifetime', changes: (edge) => registered(edge, { exp: NOW + 200_000 }) },
  { name: 'from the future', fault: 'not_yet_valid', only: inPayload, changes: () => ({ claims: { iat: NOW + 61 } }) },
  { name: 'without a beginning', fault: 'claims', only: inPayload, changes: () => ({ claims: { iat: undefined } }) },
  { name: 'without a subject', fault: 'claims', changes: () => ({ claims: { sub: undefined } }) },
  {
    name: 'of more than 16 KB',
    fault: 'too_large',
    unasked: true,
    changes: () => ({ claims: { more: 'x'.repeat(16_384) } }),
  },
];

describe.each(standIns.map((standIn) => [standIn.profile, standIn] as const))('the edge %s', (profile, standIn) => {
  const { provider, subject } = standIn;

  it('gives the caller of a good assertion, its values turned into policy roles, with keys from the one right place', async () => {
    const { edge, asked } = edgeOf(standIn);
    const caller = await edge.verify(headersOf(standIn));
    expect(caller?.identity).toMatchObject({
      subject: `${provider}:${subject}`,
      kind: 'user',
      roles: ['clerk'],
      edge: { profile },
    });
    expect(Object.isFrozen(caller?.identity)).toBe(true);
    expect(caller?.transaction).toMatchObject({ sub: `${provider}:${subject}`, rctx: { idp: provider } });
    expect(asked).toEqual([standIn.keyUrl(standIn.key.kid)]);
  });

  it('remembers the verdict, for this very assertion', async () => {
    const { edge, asked } = edgeOf(standIn);
    const [name, assertion] = headersOf(standIn);
    await edge.verify([name, assertion]);
    // With several key sets the first verdict is taken before the first fetch has changed their state.
    const verdict = await edge.verify([name, assertion]);
    expect(edge.verify([name.toUpperCase(), assertion])).toBe(verdict);
    expect(await codeOf(() => edge.verify([name, `${assertion.slice(0, -1)}!`]))).toBe('token_invalid');
    expect(asked).toHaveLength(1);
  });

  it('lets its caller through the whole middleware, and nobody else', async () => {
    const options = { policy: policyBehind(standIn), clock, fetch: keyServerOf(standIn, []) };
    const port = await listen(appWith(express, options).app);
    const get = (...headers: string[]): ReturnType<typeof rawRequest> => rawRequest(port, 'GET /invoices/7', headers);
    const answer = await get(`${standIn.header}: ${assertionOf(standIn)}`);
    expect([answer.status, JSON.parse(answer.body)]).toMatchObject([200, { user: `${provider}:${subject}` }]);
    expect((await get()).status).toBe(401);
    expect((await get(`${standIn.header}: ${assertionOf(standIn, { claims: { sub: '' } })}`)).status).toBe(401);
  });

  it.each(bad.filter(({ only }) => only?.(standIn) ?? true).map((item) => [item.name, item] as const))(
    'refuses an assertion %s',
    async (_name, { fault, unasked, changes }) => {
      const { edge, asked } = edgeOf(standIn);
      expect(await faultOf(() => edge.verify(headersOf(standIn, changes(standIn))))).toBe(fault);
      if (unasked) expect(asked).toEqual([]);
    },
  );

  it.each(['jwk', 'jku', 'x5c', 'x5u'])('takes no key out of the header (%s)', async (name) => {
    const stranger = strangers.get(profile)!;
    const { edge, asked } = edgeOf(standIn);
    const members = {
      jwk: stranger.publicJwk,
      jku: 'https://evil.example/keys',
      x5c: ['AAAA'],
      x5u: 'https://evil.example',
    };
    const changes = { key: stranger, header: { [name]: members[name as keyof typeof members] } };
    expect(await faultOf(() => edge.verify(headersOf(standIn, changes)))).toBe('signature');
    expect(asked.every((url) => url === standIn.keyUrl(standIn.key.kid))).toBe(true);
  });

  it.each(standIns.filter((other) => other !== standIn).map((other) => [other.profile, other] as const))(
    'refuses the assertion of %s in its own header',
    async (_profile, other) => {
      const { edge } = edgeOf(standIn);
      const value = assertionOf(other).replace(other.scheme, '');
      expect(await codeOf(() => edge.verify([standIn.header, `${standIn.scheme}${value}`]))).toBe('token_invalid');
    },
  );

  it('does not read the headers of other edges', async () => {
    const others = standIns.filter((other) => other !== standIn).flatMap((other) => headersOf(other));
    expect(await edgeOf(standIn).edge.verify(others)).toBeUndefined();
  });

  const [name, value] = headersOf(standIn);
  const underscored = name.includes('-') ? name.replaceAll('-', '_') : `${name}_`;
  const dotted = name.includes('-') ? name.replaceAll('-', '.') : `${name}.`;
  it.each([
    ['twice', 'duplicate', [name, value, name, value]],
    ['twice in two spellings', 'duplicate', [name, value, name.toUpperCase(), value]],
    ['joined', 'duplicate', [name, `${value}, ${value}`]],
    ['beside an underscore twin', 'look_alike', [name, value, underscored, 'x']],
    ['as a dotted twin', 'look_alike', [dotted, value]],
    ['as a CGI variable', 'look_alike', [`HTTP_${underscored}`, value]],
    ['named in Connection', 'hop_by_hop', ['Connection', `close, ${name}`, name, value]],
  ])('refuses its header %s', async (_name, reason, headers) => {
    const { edge, asked } = edgeOf(standIn);
    expect(await thrownBy(() => edge.verify(headers))).toMatchObject({ code: 'identity_header_invalid', reason });
    expect(asked).toEqual([]);
  });

  it('shows its assertion in no log line, whatever the app logs', () => {
    const { logger, text } = memoryLog();
    const [name, assertion] = headersOf(standIn);
    logger.info(`came with ${assertion}`, { [name]: assertion, headers: { [name.toLowerCase()]: assertion } });
    logger.error('failed', { error: new Error(`refused: ${assertion}`), list: [assertion] });
    expect(text()).toContain('came with');
    for (const part of assertion.replace(standIn.scheme, '').split('.'))
      expect(text()).not.toContain(part.slice(0, 40));
  });

  it('asks a few times only during a flood of 1,000 made-up kids, and lets its own caller in', async () => {
    const { edge, asked } = edgeOf(standIn);
    await edge.verify(headersOf(standIn));
    const withHeader = headerChanger(standIn);
    const flood = Array.from({ length: 1000 }, (_, i) => {
      const kid = `${String(i).padStart(8, '0')}-0000-4000-8000-000000000000`;
      return thrownBy(() => edge.verify([standIn.header, withHeader({ kid })]));
    });
    for (const { code } of await Promise.all(flood)) expect(['token_invalid', 'keys_unavailable']).toContain(code);
    expect(asked.length).toBeLessThanOrEqual(15);
    const caller = await edge.verify(headersOf(standIn));
    expect(caller?.identity.subject).toBe(`${provider}:${subject}`);
  });
});
