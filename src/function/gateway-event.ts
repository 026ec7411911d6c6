import type { RouteRequest } from '../core/access';
import { BatonError } from '../core/errors';
import { CORRELATION_HEADER } from '../correlation/correlation-id';
import { TRANSACTION_TOKEN_HEADER } from '../token/transaction-token';
import { bag, envelopeArrival, textOf, type Arrival, type Bag, type Piece } from './piece';

/** What came through API Gateway, by proxy integration. */
export interface GatewayArrival extends Arrival {
  /**
   * `gateway`: a client's request with the gateway's token; the handler gets the event and answers as the gateway wants
   * it. `app`: a call of the app's, whose answer is the function's own.
   */
  readonly from: 'gateway' | 'app';
}

/** Whether the event is a request through a REST or HTTP API, of payload format 1.0 or 2.0. */
export function isGatewayEvent(event: Bag): boolean {
  const { requestContext, httpMethod } = event;
  return (
    typeof requestContext === 'object' &&
    requestContext !== null &&
    (typeof httpMethod === 'string' || 'http' in requestContext)
  );
}

/** Names and values in turn, as over the wire; REST lists repeated headers apart, HTTP APIs join them by commas. */
function rawHeadersOf(event: Bag): string[] {
  const multi = bag(event.multiValueHeaders);
  const source = Object.keys(multi).length > 0 ? multi : bag(event.headers);
  return Object.entries(source).flatMap(([name, values]) =>
    (Array.isArray(values) ? values : [values]).flatMap((value) => (typeof value === 'string' ? [name, value] : [])),
  );
}

function headerValues(rawHeaders: readonly string[], name: string): string[] {
  return rawHeaders.filter((_, i) => i % 2 === 1 && rawHeaders[i - 1]?.toLowerCase() === name.toLowerCase());
}

/**
 * The token that the authorizer put into its context. A proxy integration maps no headers, so it is here that a function
 * finds it; an HTTP API puts `lambda` between.
 */
function contextToken(context: Bag): string | undefined {
  const authorizer = bag(context.authorizer);
  return textOf(authorizer.txnToken) ?? textOf(bag(authorizer.lambda).txnToken);
}

/** What the client called, the stage taken off: REST has taken it off already, an HTTP API has not. */
function routeOf(event: Bag, context: Bag): RouteRequest {
  const isHttpApi = typeof event.version === 'string';
  const path = textOf(event.rawPath) ?? textOf(event.path) ?? '';
  const prefix = `/${String(context.stage)}`;
  const rest = isHttpApi && path.startsWith(`${prefix}/`) ? path.slice(prefix.length) : path;
  return {
    method: textOf(event.httpMethod) ?? textOf(bag(context.http).method) ?? '',
    path: isHttpApi && rest === prefix ? '/' : rest,
  };
}

/** The body as JSON; undefined where there is none, or none that is JSON. */
function bodyOf({ body, isBase64Encoded }: Bag): unknown {
  try {
    const text = String(body);
    return JSON.parse(isBase64Encoded === true ? Buffer.from(text, 'base64').toString('utf8') : text);
  } catch {
    return undefined;
  }
}

/**
 * Reads an API Gateway event. With a Transaction Token, in the authorizer's context or the header, it is a client's
 * request; a client's own header beside the authorizer's token makes two, and is refused. Without one it is the app's
 * call: the body is the envelope, or `Authorization` holds the hand-over and the body is the payload.
 *
 * @see https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-lambda-proxy-integrations.html
 * @see https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html
 */
export function readGatewayEvent(event: Bag): GatewayArrival {
  const context = bag(event.requestContext);
  const rawHeaders = rawHeadersOf(event);
  const fromContext = contextToken(context);
  const fromHeaders = headerValues(rawHeaders, TRANSACTION_TOKEN_HEADER);
  // The ID that the caller cannot set: on REST APIs clients may choose the other one.
  const correlationId = textOf(context.extendedRequestId) ?? context.requestId;
  if (fromContext === undefined && fromHeaders.length === 0) {
    return appCall(event, rawHeaders, correlationId);
  }
  // An HTTP API that overwrites the header as well brings one token in two places.
  const isSame = fromContext === undefined || (fromHeaders.length === 1 && fromHeaders[0] === fromContext);
  const headers = isSame ? rawHeaders : [...rawHeaders, TRANSACTION_TOKEN_HEADER, fromContext];
  const piece: Piece = {
    voucher: { kind: 'gateway', rawHeaders: headers, route: routeOf(event, context) },
    payload: event,
  };
  return { source: 'gateway', correlationId, from: 'gateway', read: () => piece };
}

/** A call that brings its own hand-over; without one it is a client's, who has not come by way of the authorizer. */
function appCall(event: Bag, rawHeaders: readonly string[], gatewayId: unknown): GatewayArrival {
  const body = bodyOf(event);
  const [sentId = gatewayId] = headerValues(rawHeaders, CORRELATION_HEADER);
  if ('baton' in bag(body)) return { correlationId: sentId, ...envelopeArrival('gateway', body), from: 'app' };
  const [authorization, ...more] = headerValues(rawHeaders, 'Authorization');
  const [, token] = /^Bearer +([A-Za-z0-9._~+/=-]+)$/i.exec(authorization ?? '') ?? [];
  const isApp = token !== undefined && more.length === 0;
  const read = (): Piece => {
    if (!isApp)
      throw new BatonError('identity_missing', "The request carries neither the gateway's token nor a hand-over.");
    if (body === undefined && textOf(event.body) !== undefined) {
      throw new BatonError('event_invalid', 'The body of the request is not JSON.');
    }
    return { voucher: { kind: 'hand-over', token }, payload: body ?? null };
  };
  return { source: 'gateway', correlationId: isApp ? sentId : gatewayId, from: isApp ? 'app' : 'gateway', read };
}
