import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import {
  createServer,
  request as httpRequest,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { startGateway, type GatewayOptions, type LocalGateway } from '../../../src/local/gateway/gateway';

/** Whatever `JSON.parse` gives. */
export type Json = ReturnType<typeof JSON.parse>;

export interface SeenRequest {
  readonly method: string;
  readonly url: string;
  readonly rawHeaders: readonly string[];
  readonly body: string;
}

export interface Origin {
  /** Host and port. */
  readonly authority: string;
  readonly seen: SeenRequest[];
  stop(): Promise<void>;
}

type Respond = (request: IncomingMessage, response: ServerResponse, body: string) => void;

const cleanups: (() => Promise<void> | void)[] = [];

/** Stops everything that the helpers of this file started, the last one first. */
export async function cleanUp(): Promise<void> {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
}

export async function startOrigin(respond: Respond = (_request, response) => response.end('ok')): Promise<Origin> {
  const seen: SeenRequest[] = [];
  const server: Server = createServer({ maxHeaderSize: 64 * 1024 }, (request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const body = Buffer.concat(chunks).toString();
      seen.push({ method: request.method ?? '', url: request.url ?? '', rawHeaders: request.rawHeaders, body });
      respond(request, response, body);
    });
    request.on('error', () => {});
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const stop = async (): Promise<void> => {
    const closed = new Promise((resolve) => server.close(resolve));
    server.closeAllConnections();
    await closed;
  };
  cleanups.push(stop);
  return { authority: `127.0.0.1:${(server.address() as AddressInfo).port}`, seen, stop };
}

export type TestGateway = LocalGateway & { readonly lines: () => Record<string, string>[] };

/** Starts a gateway whose access log can be read line by line. */
export async function gatewayFor(options: Omit<GatewayOptions, 'accessLogFile'>): Promise<TestGateway> {
  const directory = mkdtempSync(join(tmpdir(), 'baton-gateway-'));
  cleanups.push(() => rmSync(directory, { recursive: true }));
  const accessLogFile = join(directory, 'logs', 'access.log');
  const gateway = await startGateway({ ...options, accessLogFile });
  cleanups.push(() => gateway.stop());
  const lines = (): Record<string, string>[] =>
    readFileSync(accessLogFile, 'utf8')
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as Record<string, string>);
  return Object.assign(gateway, { lines });
}

export interface Answer {
  readonly status: number;
  readonly headers: IncomingMessage['headers'];
  readonly rawHeaders: readonly string[];
  readonly body: string;
}

/** Sends a request with headers exactly as spelled: names and values in turn. */
export function send(
  url: string,
  { method = 'GET', headers = [], body }: { method?: string; headers?: readonly string[]; body?: string | Buffer } = {},
): Promise<Answer> {
  // The path is cut out by hand: a URL parser would resolve `..` and encode what tests want sent as it is.
  const [, host = '', port = '', path = '/'] = /^http:\/\/([^:/]+):(\d+)(\/.*)?$/.exec(url) ?? [];
  return new Promise((resolve, reject) => {
    const request = httpRequest({
      host,
      port,
      path,
      method,
      agent: false,
      headers: ['Host', `${host}:${port}`, ...headers],
    });
    request.on('error', reject);
    request.on('response', (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('error', reject);
      response.on('end', () =>
        resolve({
          status: response.statusCode ?? 0,
          headers: response.headers,
          rawHeaders: response.rawHeaders,
          body: Buffer.concat(chunks).toString(),
        }),
      );
    });
    request.end(body);
  });
}

/** All values that one header has on the wire, by its exact spelling. */
export function exactValues(rawHeaders: readonly string[], name: string): string[] {
  return rawHeaders.filter((_value, index) => index % 2 === 1 && rawHeaders[index - 1] === name);
}

/** All values of a header whatever its spelling. */
export function valuesOf(rawHeaders: readonly string[], name: string): string[] {
  return rawHeaders.filter(
    (_value, index) => index % 2 === 1 && rawHeaders[index - 1]?.toLowerCase() === name.toLowerCase(),
  );
}

interface OperationSketch {
  readonly secured?: boolean;
  readonly parameters?: Record<string, string>;
  readonly timeoutInMillis?: number;
  readonly uri?: string;
  readonly integrationMethod?: string;
  readonly responseParameters?: unknown;
}

/** A definition with the given operations: `GET /path` → sketch. */
export function definitionOf(
  kind: 'rest' | 'http',
  operations: Record<string, OperationSketch>,
  authorizer: Record<string, unknown> = {},
): Record<string, Json> {
  const paths: Record<string, Record<string, unknown>> = {};
  for (const [key, sketch] of Object.entries(operations)) {
    const [method = '', path = ''] = key.split(' ');
    const name = method === 'ANY' ? 'x-amazon-apigateway-any-method' : method.toLowerCase();
    const integration = {
      type: 'http_proxy',
      httpMethod: sketch.integrationMethod ?? 'ANY',
      uri: sketch.uri ?? 'https://${stageVariables.origin}/',
      requestParameters: sketch.parameters ?? {},
      ...(sketch.responseParameters !== undefined && { responseParameters: sketch.responseParameters }),
      ...(sketch.timeoutInMillis !== undefined && { timeoutInMillis: sketch.timeoutInMillis }),
    };
    (paths[path] ??= {})[name] = {
      ...(sketch.secured === true && { security: [{ baton: [] }] }),
      'x-amazon-apigateway-integration': integration,
    };
  }
  const own =
    kind === 'rest'
      ? { identitySource: 'method.request.header.Authorization' }
      : {
          identitySource: '$request.header.Authorization',
          authorizerPayloadFormatVersion: '2.0',
          enableSimpleResponses: true,
        };
  return {
    openapi: '3.0.1',
    paths,
    components: {
      securitySchemes: { baton: { 'x-amazon-apigateway-authorizer': { type: 'request', ...own, ...authorizer } } },
    },
  };
}

export const allowAll = (context?: Record<string, unknown>): (() => Promise<unknown>) =>
  policyOf([{ Effect: 'Allow', Action: 'execute-api:Invoke', Resource: '*' }], context);

export const policyOf =
  (statements: unknown, context?: Record<string, unknown>): (() => Promise<unknown>) =>
  async () => ({
    principalId: 'entra:ada',
    policyDocument: { Version: '2012-10-17', Statement: statements },
    ...(context && { context }),
  });
