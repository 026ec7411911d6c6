import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { BatonError, formatProblems, type Problem } from '../core/errors';
import { listOf, mapOf, objectOf, text, wholeNumber, type Shape } from '../policy/shape';
import type { LocalClient, LocalUser } from './identity-provider';

/** `baton.dev.json`: what the relay on one machine runs. Paths are relative to the file. */
export interface RelayDocument {
  /** The app's web.config; it names the script and the settings, as on IIS. */
  readonly webConfig: string;
  /** Module with the authorizer's Lambda handler. */
  readonly authorizer: string;
  /** Modules with the functions' handlers, by the Lambda function's name. */
  readonly functions?: Readonly<Record<string, string>>;
  /** OpenAPI definitions of the API: an HTTP API, a REST API, or both. */
  readonly gateways: { readonly http?: string; readonly rest?: string };
  /** Environment of app, authorizer and functions; `${relay.…}` stands for addresses that are known when it runs. */
  readonly environment: Readonly<Record<string, string>>;
  readonly identityProvider: {
    readonly tenant: string;
    readonly audience: string;
    readonly users: readonly LocalUser[];
    readonly clients: readonly LocalClient[];
    readonly tokenLifetimeSeconds?: number;
  };
  /** Fixed ports; a free one where none is given. */
  readonly ports?: Partial<Record<RelayPort, number>>;
}

/** The relay's servers that can have a fixed port. */
export type RelayPort = 'identityProvider' | 'keys' | 'lambda' | 'iis' | 'http' | 'rest';

/** A document with the folder that its paths are relative to. */
export interface RelayConfig extends RelayDocument {
  readonly folder: string;
}

const path = text('A path, relative to this file.');
const port = wholeNumber('A port; 0 is any free one.', 0, 65_535);
const texts = (description: string): Shape => listOf(text('A value.'), description);
const any: Shape = { schema: {}, check: () => undefined };

const user = objectOf('A person who can sign in.', {
  required: {
    username: text('What is typed in.'),
    password: text('Only for this machine.'),
    subject: text("Entra's object ID."),
    name: text('A name for people.'),
    roles: texts('App roles.'),
  },
  optional: { scopes: texts('Scopes.') },
});

const client = objectOf('An application that is registered.', {
  required: { clientId: text('Its ID.') },
  optional: {
    clientSecret: text('Only for this machine.'),
    redirectUris: texts('Where browsers are sent back to.'),
    grantTypes: texts('Grants it may use.'),
    roles: texts('App roles of its own.'),
  },
});

const shape = objectOf('The relay on one machine.', {
  required: {
    webConfig: path,
    authorizer: path,
    gateways: objectOf('API definitions.', { optional: { http: path, rest: path } }),
    environment: mapOf(any, 'Environment variables.', /^[A-Za-z_][A-Za-z0-9_]*$/),
    identityProvider: objectOf('The local OpenID provider.', {
      required: {
        tenant: text('The tenant (tid).'),
        audience: text('The audience of access tokens.'),
        users: listOf(user, 'Who can sign in.'),
        clients: listOf(client, 'Who can ask for tokens.'),
      },
      optional: { tokenLifetimeSeconds: wholeNumber('How long tokens live.', 1, 86_400) },
    }),
  },
  optional: {
    functions: mapOf(path, 'Functions.', /^[A-Za-z0-9_-]{1,64}$/),
    ports: objectOf('Fixed ports.', {
      optional: { identityProvider: port, keys: port, lambda: port, iis: port, http: port, rest: port },
    }),
  },
});

/**
 * Reads a relay configuration.
 * @throws BatonError `relay_failed` with every problem of the file
 */
export function readRelayConfig(file: string): RelayConfig {
  const absolute = resolve(file);
  let document: unknown;
  try {
    document = JSON.parse(readFileSync(absolute, 'utf8').replace(/^\uFEFF/, ''));
  } catch (cause) {
    throw new BatonError('relay_failed', `${absolute} cannot be read as JSON. It says what "baton dev" runs.`, {
      cause,
    });
  }
  const problems: Problem[] = [];
  shape.check(document, '', problems);
  if (problems.length > 0) {
    throw new BatonError('relay_failed', `${absolute} has problems:\n${formatProblems(problems)}`, { problems });
  }
  return { ...(document as RelayDocument), folder: dirname(absolute) };
}

/**
 * The environment with `${relay.name}` filled in.
 * @throws BatonError `relay_failed` for a name that the relay does not have
 */
export function fillRelayNames(
  environment: Readonly<Record<string, string>>,
  names: Readonly<Record<string, string>>,
): Record<string, string> {
  const fill = (value: string): string =>
    value.replace(/\$\{relay\.([A-Za-z]+)\}/g, (_, name: string) => {
      const filled = Object.hasOwn(names, name) ? names[name] : undefined;
      if (filled !== undefined) return filled;
      throw new BatonError(
        'relay_failed',
        `There is no \${relay.${name}}; there are: ${Object.keys(names).join(', ')}.`,
      );
    });
  return Object.fromEntries(Object.entries(environment).map(([name, value]) => [name, fill(value)]));
}
