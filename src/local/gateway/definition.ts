import { BatonError, formatProblems, type Problem } from '../../core/errors';
import { isRecord } from '../is-record';
import { readPathTemplate, type PathTemplate } from './path-template';
import { readRemovedHeaders, type RemovedHeaders } from './removed-headers';

/** `rest`: an API Gateway REST API. `http`: an HTTP API. */
export type GatewayKind = 'rest' | 'http';

/** A REQUEST authorizer of the definition. */
export interface AuthorizerDefinition {
  /** Its name in `components.securitySchemes`. */
  readonly name: string;
  /** Mapping expressions, as written. */
  readonly identitySources: readonly string[];
  /** How long a result is kept; 0 asks every time. */
  readonly ttlSeconds: number;
  /** HTTP API only: the function answers `{isAuthorized, context}` instead of a policy. */
  readonly simpleResponses: boolean;
}

/** Where an operation's requests go. */
export interface IntegrationDefinition {
  readonly uri: string;
  /** The backend's method; undefined passes the client's on. */
  readonly method: string | undefined;
  readonly timeoutMs: number;
  readonly requestParameters: Readonly<Record<string, string>>;
  readonly removedHeaders: RemovedHeaders;
  /** JSON pointer of the integration, for messages. */
  readonly pointer: string;
}

/** One method of one path. */
export interface OperationDefinition {
  /** Upper case; `ANY` takes what no other method of the path takes. */
  readonly method: string;
  readonly template: PathTemplate;
  readonly authorizer: AuthorizerDefinition | undefined;
  readonly integration: IntegrationDefinition;
}

const METHODS = new Set(['get', 'put', 'post', 'delete', 'options', 'head', 'patch']);
const ANY_METHOD = 'x-amazon-apigateway-any-method';

/** Longest integration, in milliseconds: 29 s on REST, 30 s on HTTP APIs. */
const INTEGRATION_TIMEOUT = { rest: { min: 50, max: 29_000 }, http: { min: 50, max: 30_000 } } as const;

/** Where a listener of a private load balancer leads here: there is one origin, and no private network in front of it. */
const PRIVATE_TARGET_URI = 'https://${stageVariables.origin}';

/** What a REST API keeps a result for when the definition does not say; HTTP APIs keep none. */
const DEFAULT_TTL_SECONDS = { rest: 300, http: 0 } as const;
const MAX_TTL_SECONDS = 3600;

/**
 * Reads an OpenAPI 3 definition with API Gateway's extensions, as far as this gateway plays it: HTTP proxy integrations
 * and REQUEST authorizers. What it does not play is refused, not passed over.
 *
 * `security` counts on operations only: API Gateway ignores it at the root of the document.
 *
 * @throws BatonError `relay_failed` with every problem by JSON pointer
 */
export function readDefinition(
  kind: GatewayKind,
  definition: object,
  ttlSecondsOverride: number | undefined,
): readonly OperationDefinition[] {
  const reader = new DefinitionReader(kind, ttlSecondsOverride);
  const operations = reader.read(definition as Record<string, unknown>);
  if (reader.problems.length > 0) {
    throw new BatonError(
      'relay_failed',
      `The gateway's definition cannot be played:\n${formatProblems(reader.problems)}`,
      {
        problems: reader.problems,
      },
    );
  }
  return operations;
}

function pointerTo(...parts: readonly string[]): string {
  return parts.map((part) => `/${part.replaceAll('~', '~0').replaceAll('/', '~1')}`).join('');
}

class DefinitionReader {
  readonly problems: Problem[] = [];
  readonly #kind: GatewayKind;
  readonly #ttlSecondsOverride: number | undefined;
  #authorizers = new Map<string, AuthorizerDefinition>();

  constructor(kind: GatewayKind, ttlSecondsOverride: number | undefined) {
    this.#kind = kind;
    this.#ttlSecondsOverride = ttlSecondsOverride;
  }

  read(document: Record<string, unknown>): readonly OperationDefinition[] {
    const components = isRecord(document['components']) ? document['components'] : {};
    const schemes = isRecord(components['securitySchemes']) ? components['securitySchemes'] : {};
    for (const [name, scheme] of Object.entries(schemes)) this.#readAuthorizer(name, scheme);

    const paths = document['paths'];
    if (!isRecord(paths)) {
      this.#problem('/paths', 'must be an object with the paths of the API');
      return [];
    }
    const operations = Object.entries(paths).flatMap(([path, item]) => this.#readPath(path, item));
    if (operations.length === 0) this.#problem('/paths', 'holds no operation');
    return operations;
  }

  #problem(pointer: string, message: string): null {
    this.problems.push({ pointer, message });
    return null;
  }

  #readAuthorizer(name: string, scheme: unknown): void {
    const pointer = pointerTo('components', 'securitySchemes', name);
    const extension = isRecord(scheme) ? scheme['x-amazon-apigateway-authorizer'] : undefined;
    if (!isRecord(extension)) {
      this.#problem(pointer, 'has no x-amazon-apigateway-authorizer');
      return;
    }
    if (extension['type'] !== 'request') {
      this.#problem(pointer, 'is played only with type "request": the other types see no headers or no request ID');
      return;
    }
    if (this.#kind === 'http' && extension['authorizerPayloadFormatVersion'] !== '2.0') {
      this.#problem(pointer, 'is played only with authorizerPayloadFormatVersion "2.0"');
      return;
    }
    const { identitySource } = extension;
    const identitySources = (typeof identitySource === 'string' ? identitySource : '')
      .split(',')
      .map((source) => source.trim())
      .filter((source) => source !== '');
    const ttlSeconds = this.#readTtl(extension['authorizerResultTtlInSeconds'], pointer);
    if (ttlSeconds > 0 && identitySources.length === 0) {
      this.#problem(pointer, 'keeps results (authorizerResultTtlInSeconds) but has no identitySource to keep them by');
    }
    const simpleResponses = this.#kind === 'http' && extension['enableSimpleResponses'] === true;
    this.#authorizers.set(name, { name, identitySources, ttlSeconds, simpleResponses });
  }

  #readTtl(given: unknown, pointer: string): number {
    const ttlSeconds = this.#ttlSecondsOverride ?? given ?? DEFAULT_TTL_SECONDS[this.#kind];
    if (Number.isInteger(ttlSeconds) && Number(ttlSeconds) >= 0 && Number(ttlSeconds) <= MAX_TTL_SECONDS) {
      return Number(ttlSeconds);
    }
    this.#problem(pointer, `authorizerResultTtlInSeconds must be a whole number from 0 to ${String(MAX_TTL_SECONDS)}`);
    return 0;
  }

  #readPath(path: string, item: unknown): OperationDefinition[] {
    const template = readPathTemplate(path);
    if (typeof template === 'string') {
      this.#problem(pointerTo('paths', path), template);
      return [];
    }
    if (!isRecord(item)) {
      this.#problem(pointerTo('paths', path), 'must be an object');
      return [];
    }
    return Object.entries(item)
      .filter(([name]) => METHODS.has(name) || name === ANY_METHOD)
      .flatMap(([name, operation]) => this.#readOperation(template, name, operation) ?? []);
  }

  #readOperation(template: PathTemplate, name: string, operation: unknown): OperationDefinition | null {
    const pointer = pointerTo('paths', template.path, name);
    if (!isRecord(operation)) return this.#problem(pointer, 'must be an object');
    const integration = this.#readIntegration(
      operation['x-amazon-apigateway-integration'],
      pointer + pointerTo('x-amazon-apigateway-integration'),
    );
    const authorizer = this.#readSecurity(operation['security'], pointer + pointerTo('security'));
    if (integration === null || authorizer === null) return null;
    return {
      method: name === ANY_METHOD ? 'ANY' : name.toUpperCase(),
      template,
      authorizer: authorizer === 'none' ? undefined : authorizer,
      integration,
    };
  }

  #readSecurity(security: unknown, pointer: string): AuthorizerDefinition | 'none' | null {
    if (security === undefined || (Array.isArray(security) && security.length === 0)) return 'none';
    const [requirement] = Array.isArray(security) && security.length === 1 ? (security as unknown[]) : [];
    const [name] = isRecord(requirement) && Object.keys(requirement).length === 1 ? Object.keys(requirement) : [];
    if (name === undefined) return this.#problem(pointer, 'must name exactly one security scheme');
    return this.#authorizers.get(name) ?? this.#problem(pointer, `names "${name}", which is no usable securityScheme`);
  }

  /** An HTTP API takes a load balancer's listener, by its ARN or a statement that CloudFormation fills in. */
  #isPrivateTarget({ connectionType, uri }: Record<string, unknown>): boolean {
    const isListener = isRecord(uri) || (typeof uri === 'string' && uri.startsWith('arn:'));
    return this.#kind === 'http' && String(connectionType).toUpperCase() === 'VPC_LINK' && isListener;
  }

  #readIntegration(integration: unknown, pointer: string): IntegrationDefinition | null {
    if (!isRecord(integration)) return this.#problem(pointer, 'is missing');
    if (String(integration['type']).toLowerCase() !== 'http_proxy') {
      return this.#problem(pointer, 'is played only with type "http_proxy"');
    }
    const { httpMethod } = integration;
    const uri = this.#isPrivateTarget(integration) ? PRIVATE_TARGET_URI : integration['uri'];
    if (typeof uri !== 'string' || !/^https?:\/\//.test(uri)) {
      return this.#problem(pointer, 'needs a "uri" that starts with http:// or https://, as API Gateway demands');
    }
    const limits = INTEGRATION_TIMEOUT[this.#kind];
    const timeoutMs = Number(integration['timeoutInMillis'] ?? limits.max);
    if (!Number.isInteger(timeoutMs) || timeoutMs < limits.min || timeoutMs > limits.max) {
      return this.#problem(
        pointer,
        `timeoutInMillis must be a whole number from ${String(limits.min)} to ${String(limits.max)}`,
      );
    }
    const parameters = integration['requestParameters'] ?? {};
    if (!isRecord(parameters) || Object.values(parameters).some((value) => typeof value !== 'string')) {
      return this.#problem(pointer, 'requestParameters must be an object of strings');
    }
    const removedHeaders = this.#readResponseParameters(integration['responseParameters']);
    if (typeof removedHeaders === 'string') return this.#problem(pointer, removedHeaders);
    const method = typeof httpMethod === 'string' && httpMethod !== 'ANY' ? httpMethod.toUpperCase() : undefined;
    const requestParameters = parameters as Record<string, string>;
    return { uri, method, timeoutMs, requestParameters, removedHeaders, pointer };
  }

  #readResponseParameters(parameters: unknown): RemovedHeaders | string {
    if (this.#kind === 'http' || parameters === undefined) return readRemovedHeaders(parameters);
    return 'responseParameters do nothing on a REST API whose integration is a proxy';
  }
}
