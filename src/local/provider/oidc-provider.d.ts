/*
 * The part of oidc-provider that is used here. The package has no types of its own, and the ones that others publish for
 * it are of an older major version.
 */
declare module 'oidc-provider' {
  import type { IncomingMessage, ServerResponse } from 'node:http';

  /** What the package hands to its hooks. */
  export interface OidcContext {
    readonly oidc: {
      readonly client: OidcClient;
      readonly provider: Provider;
      readonly params: Readonly<Record<string, string | undefined>>;
      readonly session?: { readonly accountId?: string };
      readonly requestParamScopes: ReadonlySet<string>;
      readonly requestParamOIDCScopes: ReadonlySet<string>;
      readonly entities: { readonly AuthorizationCode?: SignInFacts };
      entity(name: string, value: unknown): void;
    };
    body: unknown;
  }
  export interface SignInFacts {
    readonly authTime?: number;
    readonly acr?: string;
    readonly amr?: readonly string[];
  }
  export interface OidcClient {
    readonly clientId: string;
  }
  export interface TokenModel {
    readonly kind: string;
    readonly clientId: string;
    readonly accountId?: string;
    readonly expiration: number;
    readonly tokenType: string;
    scope?: string;
    resourceServer?: unknown;
    save(): Promise<string>;
  }
  export interface GrantModel {
    addOIDCScope(scope: string): void;
    addResourceScope(resource: string, scope: string): void;
    rejectResourceScope(resource: string, scope: string): void;
    save(): Promise<string>;
  }
  export interface InteractionDetails {
    readonly uid: string;
    readonly prompt: { readonly name: string };
    readonly params: Readonly<Record<string, unknown>>;
  }
  export class Provider {
    constructor(issuer: string, configuration: Readonly<Record<string, unknown>>);
    readonly issuer: string;
    readonly AccessToken: new (properties: Readonly<Record<string, unknown>>) => TokenModel;
    readonly Grant: new (properties: Readonly<Record<string, unknown>>) => GrantModel;
    readonly ResourceServer: new (identifier: string, data: Readonly<Record<string, unknown>>) => unknown;
    callback(): (request: IncomingMessage, response: ServerResponse) => void;
    on(event: string, listener: (ctx: OidcContext, error: Error) => void): this;
    registerGrantType(name: string, handler: (ctx: OidcContext) => Promise<void>, parameters: readonly string[]): void;
    interactionDetails(request: IncomingMessage, response: ServerResponse): Promise<InteractionDetails>;
    interactionFinished(
      request: IncomingMessage,
      response: ServerResponse,
      result: Readonly<Record<string, unknown>>,
      options?: { readonly mergeWithLastSubmission: boolean },
    ): Promise<void>;
  }

  /** Errors whose answer the package makes by RFC 6749. */
  export const errors: {
    readonly InvalidTarget: new (description?: string) => Error;
    readonly InvalidRequest: new (description?: string) => Error;
    readonly InvalidGrant: new (description?: string) => Error;
    readonly InvalidScope: new (description: string, scope: string) => Error;
  };
}
