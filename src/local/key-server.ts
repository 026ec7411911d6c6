import { createServer } from 'node:http';
import type { Jwk } from '../jws/keys';
import { closeServer, listenOnLoopback } from './loopback';

/** A server of public keys. */
export interface KeyServer {
  /** Where the key set of that name is. */
  urlOf(name: string): string;
  stop(): Promise<void>;
}

/** Serves JWK Sets (RFC 7517) by name, as a bucket or a site of the organisation would. */
export async function startKeyServer(keys: Readonly<Record<string, Jwk>>, port = 0): Promise<KeyServer> {
  const server = createServer((req, res) => {
    const name = /^\/([a-z-]+)\/jwks\.json$/.exec(req.url ?? '')?.[1];
    const key = name !== undefined && Object.hasOwn(keys, name) ? keys[name] : undefined;
    res.statusCode = key === undefined ? 404 : 200;
    res.setHeader('Content-Type', 'application/jwk-set+json');
    res.end(JSON.stringify({ keys: key === undefined ? [] : [key] }));
  });
  const chosen = await listenOnLoopback(server, port, 'The key server');
  return {
    urlOf: (name) => `http://127.0.0.1:${chosen}/${name}/jwks.json`,
    stop: () => closeServer(server),
  };
}
