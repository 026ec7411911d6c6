import { createPublicKey, type JsonWebKey } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Jwk } from '../../src/jws/keys';

/** A loopback key server: `/jwks.json`, PEM by key ID, and the OpenID configuration of the issuer that it is. */
export interface KeyServer {
  readonly issuer: string;
  readonly jwksUri: string;
  /** Below it each key is a PEM text, by its ID. */
  readonly pemUrl: string;
  /** Requests so far, by path. */
  readonly hits: ReadonlyMap<string, number>;
  /** What is served; change it to rotate or withdraw keys. */
  keys: readonly Jwk[];
  /** Members that replace those of the OpenID configuration. */
  metadata: Readonly<Record<string, unknown>>;
  /** Answers instead, while it is set: to be down, slow, too large, elsewhere. */
  answer: ((response: ServerResponse, path: string) => void) | undefined;
  fetches(): number;
  close(): Promise<void>;
}

function sendPem(response: ServerResponse, jwk: Jwk | undefined): void {
  if (jwk === undefined) response.writeHead(404).end();
  else response.end(createPublicKey({ key: jwk as JsonWebKey, format: 'jwk' }).export({ type: 'spki', format: 'pem' }));
}

/** Starts a key server on a free port. */
export async function startKeyServer(keys: readonly Jwk[] = []): Promise<KeyServer> {
  const hits = new Map<string, number>();
  const server = createServer((request, response) => {
    const path = request.url ?? '';
    hits.set(path, (hits.get(path) ?? 0) + 1);
    if (state.answer) return state.answer(response, path);
    response.setHeader('content-type', 'application/json');
    if (path === '/jwks.json') return response.end(JSON.stringify({ keys: state.keys }));
    if (path === '/.well-known/openid-configuration') return response.end(JSON.stringify(state.metadata));
    sendPem(
      response,
      state.keys.find(({ kid }) => path === `/pem/${String(kid)}`),
    );
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const jwksUri = `${issuer}/jwks.json`;
  const state: KeyServer = {
    issuer,
    jwksUri,
    pemUrl: `${issuer}/pem`,
    hits,
    keys,
    metadata: { issuer, jwks_uri: jwksUri },
    answer: undefined,
    fetches: () => [...hits.values()].reduce((sum, count) => sum + count, 0),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
  return state;
}
