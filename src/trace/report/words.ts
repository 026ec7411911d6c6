import type { Finding, Hop, HopLatency, Span, TraceReport } from '../report-model';

/** How people call a hop, and what its time is made of. */
export const HOP_WORDS: Readonly<Record<Hop, { readonly name: string; readonly holds: string }>> = {
  total: { name: 'Total', holds: 'what the client waited for, by the gateway' },
  gateway: { name: 'Gateway', holds: 'API Gateway itself: authorizer, mapping, throttling' },
  wire: { name: 'Wire', holds: 'network, TLS and load balancers between the gateway and IIS' },
  iis: { name: 'IIS', holds: 'queues and modules of IIS, outside the app' },
  app: { name: 'App', holds: 'the app itself, without the functions that it calls' },
  function: { name: 'Function', holds: 'Lambda functions behind the app' },
};

/** The hops that add up to the total, in the order in which a request passes them. */
export const PARTS = ['gateway', 'wire', 'iis', 'app', 'function'] as const satisfies readonly Hop[];

/** The hop whose colour a log's spans have. */
export const SPAN_HOPS: Readonly<Record<Span['source'], Hop>> = {
  gateway: 'gateway',
  iis: 'iis',
  app: 'app',
  audit: 'app',
  event: 'app',
  function: 'function',
  lambda: 'function',
  workflow: 'wire',
};

const RANKS = { error: 0, warning: 1, info: 2 } as const;

/** Findings as they are shown: the gravest first, and of those the one with most rows behind it. */
export function rankFindings(findings: readonly Finding[]): readonly Finding[] {
  return findings.toSorted((a, b) => RANKS[a.severity] - RANKS[b.severity] || b.count - a.count);
}

/** How many findings there are of each severity. */
export function countSeverities(findings: readonly Finding[]): Readonly<Record<Finding['severity'], number>> {
  const counts = { error: 0, warning: 0, info: 0 };
  for (const { severity } of findings) counts[severity]++;
  return counts;
}

/** Whether any file was a log that is read. */
export const hasLogs = (inputs: TraceReport['inputs']): boolean => inputs.some(({ kind }) => kind !== 'unread');

/** What the findings come to, in one sentence. */
export function verdict({ findings, inputs, totals }: TraceReport): string {
  if (inputs.length === 0) return 'No logs were read: there are no files';
  if (!hasLogs(inputs)) return 'No logs were read: none of the files is one';
  const { error, warning } = countSeverities(findings);
  const requests = totals.gatewayRequests + totals.iisRequests + totals.appRequests;
  if (error + warning === 0) return requests === 0 ? 'No requests in these logs' : 'Nothing is wrong in these logs';
  const parts = [
    ...(error === 0 ? [] : [`${error} ${error === 1 ? 'error' : 'errors'}`]),
    ...(warning === 0 ? [] : [`${warning} ${warning === 1 ? 'warning' : 'warnings'}`]),
  ];
  return `${parts.join(' and ')} in these logs`;
}

/** Requests that came round the gateway, as far as the logs say. */
export const bypasses = ({ totals }: TraceReport): number => totals.bypassWithoutId + totals.bypassUnknownId;

/** The time that the report is of: what gateway and IIS share, else from the first to the last line of any log. */
export function spanOf({
  window,
  inputs,
}: TraceReport): { readonly fromMs: number; readonly toMs: number } | undefined {
  if (window !== null) return window;
  const first = inputs.flatMap(({ firstMs }) => (firstMs === null ? [] : [firstMs]));
  const last = inputs.flatMap(({ lastMs }) => (lastMs === null ? [] : [lastMs]));
  if (first.length === 0 || last.length === 0) return undefined;
  return { fromMs: least(first), toMs: most(last) };
}

// A spread of many thousand files would be too many arguments.
const least = (values: readonly number[]): number => values.reduce((a, b) => Math.min(a, b));
const most = (values: readonly number[]): number => values.reduce((a, b) => Math.max(a, b));

/** A route's figures by hop. */
export type ByHop = Readonly<Partial<Record<Hop, HopLatency>>>;

/** The figures of a route, or of all routes together (null). */
export const byHop = (hops: readonly HopLatency[], route: string | null): ByHop =>
  Object.fromEntries(hops.filter((row) => row.route === route).map((row) => [row.hop, row]));

/** The whole as the client sees it; without the gateway's log, what is nearest to the client. */
export const wholeOf = (row: ByHop): HopLatency | undefined =>
  row.total ?? row.iis ?? row.app ?? row.function ?? row.gateway ?? row.wire;

/**
 * What a hop adds to the mean of all requests of the route, in milliseconds: a function that one request in ten calls adds a
 * tenth of its own mean. Only so do the hops add up. Never below zero, where two clocks differ.
 */
export function addedMs(row: ByHop, hop: Hop): number {
  const [own, whole] = [row[hop], wholeOf(row)];
  if (own === undefined || whole === undefined || whole.requests === 0) return 0;
  return Math.max((own.meanMs * own.requests) / whole.requests, 0);
}

/** What is left of the mean of a route's requests when all hops are taken off: what the logs do not tell apart. */
export function restMs(row: ByHop): number {
  const whole = wholeOf(row);
  return Math.max((whole?.meanMs ?? 0) - PARTS.reduce((sum, hop) => sum + addedMs(row, hop), 0), 0);
}

/** The command that shows one request. Two dashes before an ID would be an option. */
export const traceCommand = (id: string): string => `baton trace ${id.startsWith('--') ? '--id=' : ''}${id}`;
