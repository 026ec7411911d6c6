import { figure, grouped, many, minute, percent, type Rule } from './rule';

/** Why tokens are refused, and what that usually is. The reasons are those of `token_invalid` in docs/errors.md. */
const TOKEN_REASONS: Readonly<Record<string, { readonly means: string; readonly advice: string }>> = {
  expired: {
    means: 'The token had ended when it arrived: it lay too long in the cache of the gateway, or a clock is ahead.',
    advice:
      "Let the token outlive the authorizer's cache (`baton doctor`: gateway-cache-outlives-token), and check the clocks.",
  },
  not_yet_valid: {
    means: 'The token was made in the future: the clock of the server is behind that of AWS.',
    advice: 'Synchronise the clock of the servers in the evidence (w32tm /query /status).',
  },
  signature: {
    means: 'The token was changed on its way, or signed with another key under the same key ID.',
    advice: 'Look who sends them: the bypass findings name addresses. Two stages must not share a key ID.',
  },
  key_unknown: {
    means:
      'The key that signed is not among the published ones: a rotation that was not published first, or another stage.',
    advice: 'Publish a new key before anything is signed with it, and look at when the refusals began.',
  },
  audience: {
    means: 'The token is for another service.',
    advice: 'Compare the audience in the policies of authorizer and app.',
  },
  issuer: {
    means: 'The token is from another issuer.',
    advice: 'Compare the issuer in the policies of authorizer and app, to the letter.',
  },
  lifetime: {
    means: 'The token lives longer than the policy allows.',
    advice: 'Shorten the lifetime where the token is made.',
  },
  replayed: {
    means: 'A token that may be used once was used again.',
    advice: 'Where the gateway caches nothing, somebody sent a request again: look at the addresses.',
  },
  binding: {
    means: 'The token was made for another method or path.',
    advice: 'Give app and authorizer the same basePath; else somebody used a token elsewhere.',
  },
  too_large: {
    means: 'The token is larger than the limit.',
    advice: 'Put fewer roles into it.',
  },
};

const tokenRule = (reason: string): Rule => ({
  id: `token-${reason.replaceAll('_', '-')}`,
  group: 'tokens',
  severity: 'warning',
  certainty: 'certain',
  about: `tokens refused as \`${reason}\``,
  rows: `SELECT * FROM refused_tokens WHERE reason = '${reason}'`,
  order: 'logged_at, correlation_id',
  figures: {
    servers: 'count(DISTINCT server)',
    first_ms: 'min(logged_at)',
    last_ms: 'max(logged_at)',
    refusals: '(SELECT count(*) FROM refused_tokens)',
  },
  say: (figures) => ({
    title: `${many(figure(figures, 'found'), 'token')} refused as ${reason}, ${spanOf(figures)}`,
    explanation:
      `${TOKEN_REASONS[reason]?.means ?? ''} That is ${percent(figure(figures, 'found'), figure(figures, 'refusals'))} of all ` +
      `refused tokens, on ${many(figure(figures, 'servers'), 'server')}.`,
    advice: TOKEN_REASONS[reason]?.advice ?? '',
  }),
});

const spanOf = (figures: Parameters<Rule['say']>[0]): string => {
  const [first, last] = [minute(figure(figures, 'first_ms')), minute(figure(figures, 'last_ms'))];
  return first === last ? `at ${first}` : `from ${first} to ${last}`;
};

/** Refusals are a cluster where one step of time has so many, and so many times what the usual step has. */
const CLUSTER = { stepMs: 300_000, atLeast: 10, times: 5 };

/** A clock is suspected where one server has so many times the share of refusals that the others have. */
const SKEW = { atLeast: 5, times: 5 };

export const TOKEN_RULES: readonly Rule[] = [
  ...Object.keys(TOKEN_REASONS).map(tokenRule),
  {
    id: 'token-refused-otherwise',
    group: 'tokens',
    severity: 'warning',
    certainty: 'certain',
    about: 'tokens refused for any other reason',
    rows: `
SELECT code, reason, server, count(*) AS refusals, min(logged_at) AS first_at, max(logged_at) AS last_at, min(correlation_id) AS an_id
FROM refused_tokens
WHERE reason IS NULL OR reason NOT IN (${Object.keys(TOKEN_REASONS)
      .map((reason) => `'${reason}'`)
      .join(', ')})
GROUP BY code, reason, server`,
    order: 'refusals DESC, code, reason, server',
    figures: { refusals: 'CAST(sum(refusals) AS bigint)' },
    say: (figures) => ({
      title: `${many(figure(figures, 'refusals'), 'token')} refused for other reasons`,
      explanation: 'By code and reason in the evidence; docs/errors.md has a paragraph for each.',
      advice: 'Read the paragraph of the code.',
      count: figure(figures, 'refusals'),
    }),
  },
  {
    id: 'clock-suspected',
    group: 'tokens',
    severity: 'warning',
    certainty: 'suspected',
    about: 'servers on which far more tokens are expired or not yet valid than on the others',
    rows: `
SELECT server, refusals, requests, other_refusals, other_requests
FROM (
  SELECT s.server, s.requests, coalesce(t.refusals, 0) AS refusals,
    sum(s.requests) OVER () - s.requests AS other_requests,
    sum(coalesce(t.refusals, 0)) OVER () - coalesce(t.refusals, 0) AS other_refusals
  FROM (SELECT server, count(*) AS requests FROM app WHERE server IS NOT NULL GROUP BY server) s
  LEFT JOIN (
    SELECT server, count(*) AS refusals FROM refused_tokens
    WHERE reason IN ('expired', 'not_yet_valid') GROUP BY server
  ) t ON t.server = s.server
) shares
WHERE other_requests > 0 AND refusals >= ${SKEW.atLeast}
  AND refusals * other_requests > ${SKEW.times} * other_refusals * requests`,
    order: 'refusals DESC, server',
    figures: { server: 'min(server)', refusals: 'CAST(sum(refusals) AS bigint)' },
    say: (figures) => ({
      title: `The clock of ${String(figures['server'])}${figure(figures, 'found') > 1 ? ' and others' : ''} may be wrong`,
      explanation:
        `${many(figure(figures, 'refusals'), 'token')} were expired or not yet valid there, more than ${SKEW.times} times the ` +
        'share of the other servers. All servers get tokens of the same age, so a clock is the likely difference.',
      advice:
        'Compare its clock with the others (w32tm /stripchart /computer:time.windows.com), and the policies as well.',
    }),
  },
  {
    id: 'token-refusals-cluster',
    group: 'tokens',
    severity: 'warning',
    certainty: 'certain',
    about: 'times in which far more tokens were refused than usual',
    rows: `
WITH steps AS (
  SELECT logged_at - mod(logged_at, ${CLUSTER.stepMs}) AS from_at, count(*) AS refusals, min(reason) AS a_reason
  FROM refused_tokens GROUP BY logged_at - mod(logged_at, ${CLUSTER.stepMs})
),
usual AS (
  SELECT CAST(sum(refusals) AS double)
    / (SELECT CAST(max(t_ms) - min(t_ms) AS double) / ${CLUSTER.stepMs} + 1 FROM audit) AS refusals_a_step
  FROM steps
)
SELECT s.from_at, s.from_at + ${CLUSTER.stepMs} AS to_at, s.refusals, s.a_reason, u.refusals_a_step AS usual_refusals
FROM steps s CROSS JOIN usual u
WHERE s.refusals >= ${CLUSTER.atLeast} AND CAST(s.refusals AS double) >= ${CLUSTER.times} * u.refusals_a_step`,
    order: 'refusals DESC, from_at',
    figures: {
      most: 'max(refusals)',
      refusals: 'CAST(sum(refusals) AS bigint)',
      first_ms: 'min(from_at)',
      last_ms: 'max(from_at)',
    },
    say: (figures) => ({
      title: `Refused tokens came in clusters: ${many(figure(figures, 'refusals'), 'refusal')} in ${many(figure(figures, 'found'), 'stretch', 'stretches')} of 5 minutes`,
      explanation:
        `Up to ${grouped(figure(figures, 'most'))} in one of them, ${spanOf(figures)}: at least ${CLUSTER.times} times as many as ` +
        'on average. Rotated keys, a deployment, an expired secret or an attack begin at one time; users do not.',
      advice: 'See what happened when the first one began.',
    }),
  },
  {
    id: 'access-refused',
    group: 'tokens',
    severity: 'info',
    certainty: 'certain',
    about: 'requests and calls that the policy refused, by reason and rule',
    rows: `
SELECT event, reason, rule, function_name, workflow, count(*) AS refusals, count(DISTINCT subject) AS callers,
  min(t_ms) AS first_at, max(t_ms) AS last_at, min(correlation_id) AS an_id
FROM audit WHERE outcome = 'denied' AND event <> 'authenticate'
GROUP BY event, reason, rule, function_name, workflow`,
    order: 'refusals DESC, event, reason, rule',
    figures: {
      refusals: 'CAST(sum(refusals) AS bigint)',
      unlisted: "CAST(coalesce(sum(CASE WHEN reason = 'route_not_listed' THEN refusals END), 0) AS bigint)",
    },
    say: (figures) => ({
      title: `The policy refused ${many(figure(figures, 'refusals'), 'time')}, for ${many(figure(figures, 'found'), 'reason')}`,
      explanation:
        'By reason and the rule that decided (its JSON pointer in the policy). ' +
        `${grouped(figure(figures, 'unlisted'))} were on routes that the policy does not list.`,
      advice: '`baton policy explain` says what a caller lacks.',
      count: figure(figures, 'refusals'),
    }),
  },
];
