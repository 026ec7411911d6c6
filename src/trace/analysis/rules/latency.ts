import { figure, grouped, many, percent, word, type Rule } from './rule';

/** A negative difference of a few milliseconds is rounding: IIS and gateway count whole ones. */
const ROUNDING_TENTHS = -50;

export const LATENCY_RULES: readonly Rule[] = [
  {
    id: 'bottleneck',
    group: 'latency',
    severity: 'info',
    certainty: 'certain',
    about: 'which hop takes most of the time, by route',
    rows: bottleneckRows(),
    order: 'hours_spent DESC, route',
    figures: {
      route: 'max_by(route, hours_spent)',
      hop: 'max_by(slowest_hop, hours_spent)',
      share: 'max_by(percent_of_total, hours_spent)',
      mean: 'max_by(mean_total_ms, hours_spent)',
      hours: 'max(hours_spent)',
    },
    say: (figures) => ({
      title:
        `Most time goes into ${word(figures, 'route')}: ${grouped(Math.round(figure(figures, 'share')))} % of its ` +
        `${grouped(figure(figures, 'mean'))} ms on average pass in the hop ${word(figures, 'hop')}`,
      explanation:
        `All its requests together took ${grouped(figure(figures, 'hours'))} hours. For each of the top routes the evidence has the ` +
        'hop that takes the most of the mean: only means add up over hops, percentiles do not. Requests without all hops are left out.',
      advice:
        'gateway: authorizer and mapping. wire: TLS, load balancer, distance. iis: queue, modules, slow clients. app: the code. function: Lambda.',
    }),
  },
  {
    id: 'hops-negative',
    group: 'latency',
    severity: 'info',
    certainty: 'certain',
    about: 'hops that are shorter than nothing, because two logs measure differently',
    rows: `
SELECT r.server, r.route, count(*) AS requests, CAST(count_if(r.wire_tenths < ${ROUNDING_TENTHS}) AS bigint) AS negative_wire,
  CAST(count_if(r.iis_tenths < ${ROUNDING_TENTHS}) AS bigint) AS negative_iis,
  CAST(min(least(coalesce(r.wire_tenths, 0), coalesce(r.iis_tenths, 0))) AS double) / 10 AS lowest_ms
FROM requests r JOIN top_routes t ON t.route = r.route
WHERE r.in_iis AND (r.in_gateway OR r.in_app)
GROUP BY r.server, r.route
HAVING count_if(r.wire_tenths < ${ROUNDING_TENTHS} OR r.iis_tenths < ${ROUNDING_TENTHS}) * 100 > count(*)`,
    order: 'negative_wire + negative_iis DESC, server, route',
    figures: {
      negative: 'CAST(sum(negative_wire + negative_iis) AS bigint)',
      requests: 'CAST(sum(requests) AS bigint)',
    },
    say: (figures) => ({
      title: `${percent(figure(figures, 'negative'), figure(figures, 'requests'))} of the hops on ${many(figure(figures, 'found'), 'route and server', 'routes and servers')} are below zero`,
      explanation:
        "IIS's time-taken goes on until the last byte is confirmed, the gateway's integrationLatency ends earlier: large answers " +
        'to a gateway that takes them slowly look so. A hop is a difference of two measurements, and no better than they are.',
      advice: 'Read wire and iis of these together.',
      count: figure(figures, 'negative'),
    }),
  },
];

function bottleneckRows(): string {
  const hops = ['gateway', 'wire', 'iis', 'app', 'function'] as const;
  const known = (hop: string): string => `coalesce(CAST(${hop}_tenths AS double), 0)`;
  return `
SELECT route, requests, mean_total_ms, p.slowest_hop, p.slowest_ms AS mean_of_hop_ms,
  CASE WHEN mean_total_ms > 0 THEN p.slowest_ms / mean_total_ms * 100 ELSE 0 END AS percent_of_total,
  mean_total_ms * requests / 3600000 AS hours_spent, mean_gateway_ms, mean_wire_ms, mean_iis_ms, mean_app_ms, mean_function_ms
FROM (
  SELECT m.*,
    CASE greatest(${hops.map((hop) => `mean_${hop}_ms`).join(', ')})
      ${hops.map((hop) => `WHEN mean_${hop}_ms THEN '${hop}'`).join(' ')} END AS slowest_hop,
    greatest(${hops.map((hop) => `mean_${hop}_ms`).join(', ')}) AS slowest_ms
  FROM (
    SELECT r.route, count(*) AS requests, avg(CAST(r.total_tenths AS double)) / 10 AS mean_total_ms,
      ${hops.map((hop) => `avg(${known(`r.${hop}`)}) / 10 AS mean_${hop}_ms`).join(',\n      ')}
    FROM requests r JOIN top_routes t ON t.route = r.route
    WHERE r.total_tenths IS NOT NULL AND r.in_iis AND r.in_app AND (r.in_gateway OR (SELECT count(*) FROM gateway) = 0)
    GROUP BY r.route
  ) m
) p`;
}
