import { BatonError } from '../../core/errors';

/** A person who can sign in. */
export interface LocalUser {
  readonly username: string;
  readonly password: string;
  /** Entra's object ID; `oid` and `sub` of the tokens. */
  readonly subject: string;
  readonly name: string;
  readonly roles: readonly string[];
  /** Scopes that a token for this user can have. Default: `access_as_user`. */
  readonly scopes?: readonly string[];
}

/** An application that is registered. */
export interface LocalClient {
  readonly clientId: string;
  /** With a secret the client is confidential, without one public. */
  readonly clientSecret?: string;
  readonly redirectUris?: readonly string[];
  /** Default: `authorization_code` with redirect URIs, else `client_credentials`. */
  readonly grantTypes?: readonly string[];
  /** Roles (application permissions) in tokens that the application gets for itself. */
  readonly roles?: readonly string[];
}

const DEFAULT_SCOPES = ['access_as_user'] as const;

/** The users and clients of a provider. */
export class Directory {
  readonly #users: readonly LocalUser[];
  readonly #clients: readonly LocalClient[];

  /** @throws BatonError `option_invalid` where two users or clients have one name */
  constructor(users: readonly LocalUser[], clients: readonly LocalClient[]) {
    requireUnique('usernames', users, (user) => user.username);
    requireUnique('subjects', users, (user) => user.subject);
    requireUnique('client IDs', clients, (client) => client.clientId);
    this.#users = users;
    this.#clients = clients;
  }

  get clients(): readonly LocalClient[] {
    return this.#clients;
  }

  /** Every scope that some user can have. */
  get scopes(): readonly string[] {
    return [...new Set(this.#users.flatMap((user) => this.scopesOf(user)))];
  }

  scopesOf(user: LocalUser): readonly string[] {
    return user.scopes ?? DEFAULT_SCOPES;
  }

  user(subject: string | undefined): LocalUser | undefined {
    return this.#users.find((user) => user.subject === subject);
  }

  client(clientId: string): LocalClient | undefined {
    return this.#clients.find((client) => client.clientId === clientId);
  }

  /** The user, if the password is right. */
  signIn(username: string, password: string): LocalUser | undefined {
    return this.#users.find((user) => user.username === username && user.password === password);
  }
}

function requireUnique<T>(what: string, items: readonly T[], nameOf: (item: T) => string): void {
  if (new Set(items.map(nameOf)).size === items.length) return;
  throw new BatonError('option_invalid', `startIdentityProvider(): two of the ${what} are equal.`);
}
