import { BatonError } from '../core/errors';
import { unknownName } from '../core/options';
import { readRelayConfig, type RelayConfig } from '../local/relay-config';
import { exchangeForActor, signIn } from '../local/sign-in';
import { readArguments } from './arguments';
import { readRelayState, type RelayState } from './relay-state';

const USAGE = `Usage: baton token <username> [--actor client] [--config baton.dev.json]

Signs a user of the running relay in, as a browser would, and prints the access token.

  --actor    a client that acts for the user (RFC 8693 token exchange): the token then names both
  --config   what the relay runs; baton.dev.json by default`;

const OPTIONS = {
  config: { type: 'string', default: 'baton.dev.json' },
  actor: { type: 'string' },
} as const;

async function userToken({ identityProvider }: RelayConfig, { issuer }: RelayState, username: string): Promise<string> {
  const { users, clients, audience } = identityProvider;
  const user = users.find((candidate) => candidate.username === username);
  if (user === undefined) {
    const known = users.map((candidate) => candidate.username);
    throw new BatonError('relay_failed', `The user ${unknownName(username, known)}.`);
  }
  const client = clients.find(({ redirectUris = [] }) => redirectUris.length > 0);
  const redirectUri = client?.redirectUris?.[0];
  if (client === undefined || redirectUri === undefined) {
    throw new BatonError('relay_failed', 'No client of the configuration has a redirect URI, so nobody can sign in.');
  }
  const { password } = user;
  const { clientId } = client;
  const { accessToken } = await signIn({ issuer, clientId, redirectUri, username, password, resource: audience });
  return accessToken;
}

async function actorToken(
  { identityProvider }: RelayConfig,
  { tokenEndpoint }: RelayState,
  actor: string,
  subjectToken: string,
): Promise<string> {
  const { clients, audience: resource } = identityProvider;
  const client = clients.find(({ clientId }) => clientId === actor);
  if (client?.clientSecret === undefined) {
    const known = clients.filter(({ clientSecret }) => clientSecret !== undefined).map(({ clientId }) => clientId);
    const why =
      client === undefined ? unknownName(actor, known) : `"${actor}" has no secret, so it cannot act for anybody`;
    throw new BatonError('relay_failed', `The client ${why}.`);
  }
  const { clientId, clientSecret } = client;
  return (await exchangeForActor({ tokenEndpoint, clientId, clientSecret, subjectToken, resource })).accessToken;
}

/** `baton token`: prints an access token of a user of the running relay. */
export async function token(args: readonly string[]): Promise<void> {
  const parsed = readArguments(args, { usage: USAGE, options: OPTIONS, positionals: ['username'] });
  if (parsed === undefined) return;
  const { config: file, actor } = parsed.values;
  const config = readRelayConfig(file);
  const state = readRelayState(file);
  const subjectToken = await userToken(config, state, parsed.positionals.username);
  console.log(actor === undefined ? subjectToken : await actorToken(config, state, actor, subjectToken));
}
