import type { AwsCredentials } from '../core/credentials';
import { noteRefusal } from './ended-sessions';

type Next = (args: never) => Promise<unknown>;

/** As much of the SDK's clients as is needed here. */
export interface SdkClient {
  readonly middlewareStack: { add(middleware: never, options: { step: 'initialize'; name: string }): void };
}

/** Has the session given to nobody any more once a service says that it has ended. */
function watched<Client extends SdkClient>(client: Client, credentials: AwsCredentials): Client {
  const middleware =
    (next: Next): Next =>
    async (args) => {
      try {
        return await next(args);
      } catch (error) {
        noteRefusal(credentials, error);
        throw error;
      }
    };
  client.middlewareStack.add(middleware as never, { step: 'initialize', name: 'batonEndedSession' });
  return client;
}

/**
 * One SDK client for each set of credentials, made when it is first needed, and gone with the credentials: they are
 * replaced when they are renewed. The SDK signs with what its client was made with, and has no way of its own to hand in
 * others for one call.
 *
 * The clients should share one `requestHandler`: it holds the sockets. A client costs 0.14 ms and 19 KB (SDK 3.1162), a
 * handler of its own would cost a TLS handshake for each user.
 *
 * @param make makes a client; without credentials the SDK looks for them itself
 * @returns gives the client for the credentials
 */
export function sessionClients<Client extends SdkClient>(
  make: (credentials: AwsCredentials | undefined) => Client,
): (credentials: AwsCredentials | undefined) => Client {
  const clients = new WeakMap<AwsCredentials, Client>();
  let own: Client | undefined;
  return (credentials) => {
    if (credentials === undefined) return (own ??= make(undefined));
    let client = clients.get(credentials);
    // A copy: the SDK notes in them where they are from, and they are frozen.
    client ??= watched(make({ ...credentials }), credentials);
    clients.set(credentials, client);
    return client;
  };
}
