import type { Located } from './located';

/** `rest`: an API Gateway REST API; `http`: an HTTP API. */
export type GatewayKind = 'rest' | 'http';

/** What the gateway does to a header before it sends a request on. */
export interface HeaderMapping {
  readonly action: 'overwrite' | 'append' | 'remove';
  /** In lower case. */
  readonly header: string;
  /** Where the value is from, without leading `$`: `context.authorizer.txnToken`, `method.request.header.X`, `'text'`. */
  readonly source: string;
  readonly at: Located;
}

/** Where an operation's requests go: only those that are sent on over HTTP, which is what can be an IIS site. */
export interface GatewayIntegration {
  readonly at: Located;
  /** As far as the template says; `${…}` is left. */
  readonly uri: string | undefined;
  readonly uriAt: Located;
  /** Goes through a VPC link. */
  readonly isPrivate: boolean;
  /** Whether TLS is spoken behind an HTTP API's VPC link, where no URI says so. */
  readonly tlsConfig: Located;
  readonly payloadFormat: string | undefined;
  readonly payloadFormatAt: Located;
  readonly mappings: readonly HeaderMapping[];
}

/** An authorizer, by what decides about its results. */
export interface GatewayAuthorizer {
  readonly name: string;
  readonly at: Located;
  /** `request` and `token` call a function, `other` does not. */
  readonly type: 'request' | 'token' | 'other';
  /** Without leading `$`; undefined where only the deployment knows. */
  readonly identitySources: readonly string[] | undefined;
  readonly identitySourceAt: Located;
  /** How long results are kept, the API's default where nothing is said; undefined where only the deployment knows. */
  readonly ttlSeconds: number | undefined;
  readonly ttlAt: Located;
  /** HTTP API only. */
  readonly payloadFormat: string | undefined;
  readonly payloadFormatAt: Located;
  readonly simpleResponses: boolean | undefined;
  /** The function's script as the template names it, with the template's name; undefined where that is not there. */
  readonly script: { readonly beside: string; readonly candidates: readonly string[] } | undefined;
}

/** One method of one path that is sent on to an HTTP server. */
export interface GatewayOperation {
  /** Upper case; `ANY` for all. */
  readonly method: string;
  /** `/invoices/{id}`; `$default` takes what nothing else takes. */
  readonly path: string;
  readonly at: Located;
  /** `none` lets everybody through; `other` is one that calls no function, such as IAM. */
  readonly authorizer: GatewayAuthorizer | 'none' | 'other';
  readonly integration: GatewayIntegration;
}

/** What the stage's access log says. */
export interface GatewayStage {
  readonly at: Located;
  /** undefined where the stage has no log. */
  readonly logFormat: string | undefined;
  /** True where there is a log whose format only the deployment knows. */
  readonly logUnknown: boolean;
  readonly logAt: Located;
  /** REST: the certificate that the gateway shows the site. */
  readonly clientCertificate: boolean;
}

/** An API in front of the site. */
export interface GatewayApi {
  readonly kind: GatewayKind | undefined;
  readonly at: Located;
  readonly operations: readonly GatewayOperation[];
  readonly authorizers: readonly GatewayAuthorizer[];
  readonly stage: GatewayStage | undefined;
  /** `security` of the whole definition, which API Gateway does not read. */
  readonly rootSecurity: Located | undefined;
}

/** Some routes in words: the first few, and how many more. */
export function routesInWords(operations: readonly GatewayOperation[]): string {
  const SHOWN = 3;
  const names = operations.map(({ method, path }) => `${method} ${path}`);
  const more = names.length - SHOWN;
  return names.slice(0, SHOWN).join(', ') + (more > 0 ? ` and ${more} more` : '');
}
