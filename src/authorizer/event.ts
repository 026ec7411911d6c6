import type { RouteRequest } from '../core/access';
import { BatonError, tokenInvalid } from '../core/errors';

/** What an authorizer reads of the gateway's event. */
export interface AuthorizerRequest {
  /** Which result the gateway expects: an IAM policy, or yes and no. */
  readonly format: 'iam' | 'simple';
  readonly bearerToken: string;
  readonly sourceIp: string | undefined;
  /** What the client called, the stage taken off. */
  readonly route: RouteRequest;
  /** ARN of the method or route that was called. */
  readonly arn: string;
}

type Bag = Readonly<Record<string, unknown>>;

const bag = (value: unknown): Bag => (typeof value === 'object' && value !== null ? (value as Bag) : {});
const textOf = (value: unknown): string | undefined => (typeof value === 'string' && value !== '' ? value : undefined);
const invalid = (message: string): BatonError => new BatonError('event_invalid', message);

/** Every value of a header, whatever its spelling: REST keeps the client's, and lists repeated ones apart. */
function headerValues(event: Bag, name: string): string[] {
  const values: string[] = [];
  const multi = bag(event.multiValueHeaders);
  const source = Object.keys(multi).length > 0 ? multi : bag(event.headers);
  for (const [key, value] of Object.entries(source)) {
    if (key.toLowerCase() !== name) continue;
    values.push(...(Array.isArray(value) ? value : [value]).filter((item): item is string => typeof item === 'string'));
  }
  return values;
}

/** RFC 6750, section 2.1, once. */
function bearerToken(event: Bag): string {
  const [value, ...more] = headerValues(event, 'authorization');
  if (value === undefined || value === '') {
    throw new BatonError(
      'identity_missing',
      'The request has no Authorization header: the client has to sign in and send its access token.',
    );
  }
  const [, token] = /^Bearer +([A-Za-z0-9._~+/=-]+)$/i.exec(value) ?? [];
  if (more.length > 0 || token === undefined) {
    throw tokenInvalid('malformed', 'The Authorization header is not "Bearer" and one token.');
  }
  return token;
}

/** The gateway caches by identity source: were it another header, one caller's result would serve another. */
function checkIdentitySource(event: Bag, isSource: (authorization: string) => boolean): void {
  if (!isSource(headerValues(event, 'authorization')[0] ?? '')) {
    throw invalid('The authorizer\'s identity source must be "$request.header.Authorization".');
  }
}

/** An HTTP API's path begins with its stage, unless that is `$default` or the domain is the caller's own. */
function withoutStage(path: string, stage: unknown): string {
  const prefix = `/${String(stage)}`;
  return path.startsWith(`${prefix}/`) ? path.slice(prefix.length) : path === prefix ? '/' : path;
}

function readHttpApiEvent(event: Bag): AuthorizerRequest {
  const context = bag(event.requestContext);
  const { identitySource: sources } = event;
  const arn = textOf(event.routeArn);
  if (arn === undefined) throw invalid('The event names no routeArn.');
  checkIdentitySource(event, (authorization) => Array.isArray(sources) && sources.includes(authorization));
  return {
    format: 'simple',
    bearerToken: bearerToken(event),
    sourceIp: textOf(bag(context.http).sourceIp),
    route: {
      method: textOf(bag(context.http).method) ?? '',
      path: withoutStage(textOf(event.rawPath) ?? '', context.stage),
    },
    arn,
  };
}

function readRestEvent(event: Bag): AuthorizerRequest {
  const context = bag(event.requestContext);
  const { identitySource: sources } = event;
  const arn = textOf(event.methodArn);
  const path = textOf(event.path) ?? '';
  if (arn === undefined) throw invalid('The event names no methodArn.');
  // Only format 1.0 says by what it is cached, joined by commas; REST does not.
  checkIdentitySource(event, (authorization) => typeof sources !== 'string' || sources.includes(authorization));
  return {
    format: 'iam',
    bearerToken: bearerToken(event),
    sourceIp: textOf(bag(context.identity).sourceIp),
    route: {
      method: textOf(event.httpMethod) ?? '',
      // REST has taken the stage off already; an HTTP API's format 1.0 has not.
      path: event.version === '1.0' ? withoutStage(path, context.stage) : path,
    },
    arn,
  };
}

/**
 * Reads an authorizer event: API Gateway REST of type REQUEST, or HTTP API of payload format 2.0 (and 1.0, which has the
 * REST shape).
 *
 * Source: API Gateway developer guide, "Input to a Lambda authorizer" and "Lambda authorizers for HTTP APIs".
 *
 * @throws BatonError `event_invalid`, `identity_missing`, `token_invalid`
 */
export function readAuthorizerEvent(event: unknown): AuthorizerRequest {
  const fields = bag(event);
  if (fields.type === 'TOKEN') {
    throw invalid('The authorizer is of type TOKEN, which carries no request ID. Set its type to REQUEST.');
  }
  if (fields.type !== 'REQUEST') throw invalid('The event is no API Gateway authorizer event of type REQUEST.');
  return fields.version === '2.0' ? readHttpApiEvent(fields) : readRestEvent(fields);
}
