import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { generateEs256KeyPair } from '../jws/sign';
import { startKeyServer } from './key-server';
import type { FaultLine } from './relay-faults';
import type { Started } from './started';

/** The keys of a relay, and who gets which. */
export interface RelayKeys {
  /** Environment of the authorizer, and of nobody else: its private key. */
  readonly authorizer: Readonly<Record<string, string>>;
  /** Environment of the app, and of nobody else: the path of its private key. */
  readonly app: Readonly<Record<string, string>>;
  readonly urls: Readonly<Record<'gatewayKeys' | 'appKeys', string>>;
}

/** Makes the keys of this run, and publishes the public ones. The private ones are taken off the disk when it ends. */
export async function startRelayKeys(
  started: Started,
  faults: FaultLine,
  port: number | undefined,
): Promise<RelayKeys> {
  const [gateway, app] = await Promise.all([generateEs256KeyPair(), generateEs256KeyPair()]);
  const server = started.keep(await startKeyServer({ gateway: gateway.publicJwk, app: app.publicJwk }, port));
  const proxy = await faults.before('keys', new URL(server.urlOf('app')).origin);
  const urlOf = (name: string): string => proxy + new URL(server.urlOf(name)).pathname;
  const secrets = mkdtempSync(join(tmpdir(), 'baton-keys-'));
  started.onStop(() => {
    rmSync(secrets, { recursive: true, force: true });
  });
  const appKeyFile = join(secrets, 'hand-over.private.jwk.json');
  writeFileSync(appKeyFile, JSON.stringify(app.privateJwk), { mode: 0o600 });
  return {
    authorizer: { BATON_SIGNING_KEY: JSON.stringify(gateway.privateJwk) },
    app: { BATON_HAND_OVER_KEY_FILE: appKeyFile },
    urls: { gatewayKeys: urlOf('gateway'), appKeys: urlOf('app') },
  };
}
