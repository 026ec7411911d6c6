import type { GatewayKind } from './definition';

/** The cases in which the gateway itself answers; the names are those of `$context.error.responseType`. */
export type ResponseType =
  | 'ACCESS_DENIED'
  | 'ACCESS_DENIED_EXPLICIT'
  | 'AUTHORIZER_CONFIGURATION_ERROR'
  | 'AUTHORIZER_FAILURE'
  | 'BAD_REQUEST'
  | 'HEADERS_TOO_LARGE'
  | 'INTEGRATION_FAILURE'
  | 'INTEGRATION_TIMEOUT'
  | 'MISSING_AUTHENTICATION_TOKEN'
  | 'REQUEST_TOO_LARGE'
  | 'REQUEST_URI_TOO_LONG'
  | 'THROTTLED'
  | 'UNAUTHORIZED'
  | 'UNKNOWN_STAGE';

/** What goes to the client. */
export interface GatewayResponse {
  readonly status: number;
  readonly body: string;
  /** REST only: the value of `x-amzn-ErrorType`. */
  readonly errorType?: string;
}

const message = (text: string | null): string => JSON.stringify({ message: text });
/** REST's own refusals by policy spell the member with a capital letter. */
const Message = (text: string): string => JSON.stringify({ Message: text });

const NOT_AUTHORIZED = 'User is not authorized to access this resource';

/**
 * REST: the default gateway responses. Source: API Gateway developer guide, "Gateway response types".
 *
 * 431 for the header budget is a choice: the guide gives the limit (10,240 bytes) but no status.
 */
const REST: Readonly<Record<ResponseType, GatewayResponse>> = {
  ACCESS_DENIED: { status: 403, body: Message(NOT_AUTHORIZED), errorType: 'AccessDeniedException' },
  ACCESS_DENIED_EXPLICIT: {
    status: 403,
    body: Message(`${NOT_AUTHORIZED} with an explicit deny`),
    errorType: 'AccessDeniedException',
  },
  AUTHORIZER_CONFIGURATION_ERROR: {
    status: 500,
    body: message(null),
    errorType: 'AuthorizerConfigurationException',
  },
  AUTHORIZER_FAILURE: { status: 500, body: message(null), errorType: 'AuthorizerFailureException' },
  BAD_REQUEST: { status: 400, body: message('Bad Request'), errorType: 'BadRequestException' },
  HEADERS_TOO_LARGE: {
    status: 431,
    body: message('Request Header Fields Too Large'),
    errorType: 'RequestHeaderFieldsTooLargeException',
  },
  INTEGRATION_FAILURE: {
    status: 504,
    body: message('Network error communicating with endpoint'),
    errorType: 'InternalServerErrorException',
  },
  INTEGRATION_TIMEOUT: {
    status: 504,
    body: message('Endpoint request timed out'),
    errorType: 'InternalServerErrorException',
  },
  MISSING_AUTHENTICATION_TOKEN: {
    status: 403,
    body: message('Missing Authentication Token'),
    errorType: 'MissingAuthenticationTokenException',
  },
  REQUEST_TOO_LARGE: { status: 413, body: message('Request Too Long'), errorType: 'RequestTooLargeException' },
  REQUEST_URI_TOO_LONG: { status: 414, body: message('Request-URI Too Long'), errorType: 'RequestUriTooLongException' },
  // No Retry-After: API Gateway sends none.
  THROTTLED: { status: 429, body: message('Too Many Requests'), errorType: 'TooManyRequestsException' },
  UNAUTHORIZED: { status: 401, body: message('Unauthorized'), errorType: 'UnauthorizedException' },
  UNKNOWN_STAGE: { status: 403, body: message('Forbidden'), errorType: 'ForbiddenException' },
};

const internal: GatewayResponse = { status: 500, body: message('Internal Server Error') };
const forbidden: GatewayResponse = { status: 403, body: message('Forbidden') };
const notFound: GatewayResponse = { status: 404, body: message('Not Found') };

/** HTTP APIs say less, and name no error type. An origin that cannot be reached is 503 here and 504 on REST. */
const HTTP: Readonly<Record<ResponseType, GatewayResponse>> = {
  ACCESS_DENIED: forbidden,
  ACCESS_DENIED_EXPLICIT: forbidden,
  AUTHORIZER_CONFIGURATION_ERROR: internal,
  AUTHORIZER_FAILURE: internal,
  BAD_REQUEST: { status: 400, body: message('Bad Request') },
  HEADERS_TOO_LARGE: { status: 431, body: message('Request Header Fields Too Large') },
  INTEGRATION_FAILURE: { status: 503, body: message('Service Unavailable') },
  INTEGRATION_TIMEOUT: { status: 504, body: message('Gateway Timeout') },
  MISSING_AUTHENTICATION_TOKEN: notFound,
  REQUEST_TOO_LARGE: { status: 413, body: message('Request Entity Too Large') },
  REQUEST_URI_TOO_LONG: { status: 414, body: message('Request-URI Too Long') },
  THROTTLED: { status: 429, body: message('Too Many Requests') },
  UNAUTHORIZED: { status: 401, body: message('Unauthorized') },
  UNKNOWN_STAGE: notFound,
};

/** The gateway's own answer for a case. */
export function gatewayResponse(kind: GatewayKind, type: ResponseType): GatewayResponse {
  return kind === 'rest' ? REST[type] : HTTP[type];
}
