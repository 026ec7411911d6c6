import type { Clock } from '../../core/clock';
import { BatonError } from '../../core/errors';
import { unknownName } from '../../core/options';
import type { OperationDefinition } from './definition';

/** How many requests a route lets through. */
export interface ThrottleLimit {
  /** Requests a second, in the long run. 0 lets none through. */
  readonly rateLimit: number;
  /** Requests at once; the size of the bucket. */
  readonly burstLimit: number;
}

/**
 * The limits of a stage: `MethodSettings` of a REST API's stage, `DefaultRouteSettings` and `RouteSettings` of an HTTP API's.
 */
export interface ThrottlingSettings {
  /** For each route that has no limit of its own, each counted alone. Without it such routes have none. */
  readonly default?: ThrottleLimit;
  /** By route: `GET /invoices/{id}`, `ANY /{proxy+}` or `$default`. */
  readonly routes?: Readonly<Record<string, ThrottleLimit>>;
}

/** A token bucket: full at first, a token a request, filled again at the rate. */
class TokenBucket {
  readonly #limit: ThrottleLimit;
  readonly #clock: Clock;
  #tokens: number;
  #filledAt: number;

  constructor(limit: ThrottleLimit, clock: Clock) {
    this.#limit = limit;
    this.#clock = clock;
    this.#tokens = limit.burstLimit;
    this.#filledAt = clock();
  }

  take(): boolean {
    const { rateLimit, burstLimit } = this.#limit;
    const now = this.#clock();
    const gained = (Math.max(0, now - this.#filledAt) * rateLimit) / 1000;
    this.#tokens = Math.min(burstLimit, this.#tokens + gained);
    this.#filledAt = now;
    if (rateLimit === 0 || this.#tokens < 1) return false;
    this.#tokens--;
    return true;
  }
}

/** The name of a route as API Gateway writes it: method and path, or `$default`. */
export function routeKeyOf({ method, template }: OperationDefinition): string {
  return template.isDefault ? '$default' : `${method} ${template.path}`;
}

const isLimit = ({ rateLimit, burstLimit }: ThrottleLimit): boolean =>
  Number.isFinite(rateLimit) && rateLimit >= 0 && Number.isInteger(burstLimit) && burstLimit >= 0;

function checkSettings({ default: general, routes = {} }: ThrottlingSettings, known: readonly string[]): void {
  const owner = 'startGateway(): option "throttling"';
  for (const name of Object.keys(routes)) {
    if (!known.includes(name)) throw new BatonError('option_invalid', `${owner}: route ${unknownName(name, known)}`);
  }
  const limits = [...Object.values(routes), ...(general === undefined ? [] : [general])];
  if (limits.every(isLimit)) return;
  throw new BatonError(
    'option_invalid',
    `${owner}: "rateLimit" and "burstLimit" must be numbers from 0, the second a whole one.`,
  );
}

/** Whether a route takes one more request now. */
export type Throttle = (operation: OperationDefinition) => boolean;

/**
 * Makes what throttles a stage: a token bucket for each route, by the limit of its own or the stage's.
 *
 * The limits of AWS are targets that a burst may overrun; these are kept exactly, so that tests can count.
 *
 * @throws BatonError `option_invalid` for a route that the definition lacks, or a limit that is none
 * @see https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-request-throttling.html
 */
export function createThrottle(
  settings: ThrottlingSettings,
  operations: readonly OperationDefinition[],
  clock: Clock,
): Throttle {
  checkSettings(settings, operations.map(routeKeyOf));
  const buckets = new Map<OperationDefinition, TokenBucket>();
  for (const operation of operations) {
    const limit = settings.routes?.[routeKeyOf(operation)] ?? settings.default;
    if (limit !== undefined) buckets.set(operation, new TokenBucket(limit, clock));
  }
  return (operation) => buckets.get(operation)?.take() ?? true;
}
