import { statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { BatonError, formatProblems, type Problem } from '../core/errors';
import { unknownName } from '../core/options';
import { systemFault } from '../core/system-fault';
import { readTextFile } from '../core/text-file';
import { listOf, mapOf, objectOf, step, text, wholeNumber, type Shape } from '../policy/shape';
import type { ThrottlingSettings } from './gateway/throttle';
import type { LocalClient, LocalUser } from './identity-provider';
import { relayEntraShape, type RelayEntraDocument } from './relay-entra';
import { checkFaultServices, relayFaultsShape, type RelayFaultsDocument } from './relay-faults';
import { readRelayFunction, relayFunctionShape, type RelayFunctionDocument } from './relay-function';
import { relayStatesShape, type RelayStateMachineDocument } from './relay-states';
import { relaySqsShape, type RelaySqsDocument } from './relay-sqs';
import { relayStsShape, type RelayStsDocument } from './relay-sts';

/** `baton.dev.json`: what the relay on one machine runs. Paths are relative to the file. */
export interface RelayDocument {
  /** The app's web.config; it names the script and the settings, as on IIS. */
  readonly webConfig: string;
  /** Module with the authorizer's Lambda handler. */
  readonly authorizer: string;
  /** Modules with the functions' handlers, by the Lambda function's name; with `timeoutSeconds` where 30 are not right. */
  readonly functions?: Readonly<Record<string, RelayFunctionDocument>>;
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
  /** Limits of the gateways' stages; none where none is given. */
  readonly throttling?: { readonly http?: ThrottlingSettings; readonly rest?: ThrottlingSettings };
  /** AWS STS and the roles of the account; without it the app has a key that may call every function. */
  readonly sts?: RelayStsDocument;
  /** Microsoft Entra ID, for functions that go to its APIs. */
  readonly entra?: RelayEntraDocument;
  /** Queues, and the functions that they feed. */
  readonly sqs?: RelaySqsDocument;
  /** State machines of Step Functions, by name. */
  readonly stateMachines?: Readonly<Record<string, RelayStateMachineDocument>>;
  /** What goes wrong between the app and what it calls; nothing where nothing is given. */
  readonly faults?: RelayFaultsDocument;
  /** Fixed ports; a free one where none is given. */
  readonly ports?: Partial<Record<RelayPort, number>>;
}

/** The relay's servers that can have a fixed port. */
export type RelayPort =
  'identityProvider' | 'keys' | 'lambda' | 'stepFunctions' | 'logs' | 'sqs' | 'sts' | 'entra' | 'iis' | 'http' | 'rest';

/** A document with the folder that its paths are relative to. */
export interface RelayConfig extends RelayDocument {
  readonly folder: string;
}

const path = text('A path, relative to this file.');
const port = wholeNumber('A port; 0 is any free one.', 0, 65_535);
const texts = (description: string): Shape => listOf(text('A value.'), description);

/** What `${relay.name}` in the environment can stand for. */
const RELAY_NAMES = [
  'folder',
  'identityProvider',
  'identityProviderHost',
  'gatewayKeys',
  'appKeys',
  'entra',
  'queues',
] as const;
export type RelayName = (typeof RELAY_NAMES)[number];

const RELAY_REFERENCE = /\$\{relay\.([^}]*)\}/g;

/** An environment variable: any text, the empty one too. */
const variable: Shape = {
  schema: { type: 'string' },
  check(value, pointer, problems) {
    if (typeof value !== 'string') {
      problems.push({ pointer, message: 'must be a string' });
      return;
    }
    for (const [reference, name = ''] of value.matchAll(RELAY_REFERENCE)) {
      if ((RELAY_NAMES as readonly string[]).includes(name)) continue;
      problems.push({ pointer, message: `${reference} cannot be filled: ${unknownName(name, RELAY_NAMES)}` });
    }
  },
};

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

/** A number from 0; AWS takes parts of a request a second, too. */
const rate: Shape = {
  schema: { type: 'number', minimum: 0 },
  check(value, pointer, problems) {
    const isRate = typeof value === 'number' && Number.isFinite(value) && value >= 0;
    if (!isRate) problems.push({ pointer, message: 'must be a number from 0' });
  },
};

const limit = objectOf('How many requests a route lets through.', {
  required: { rateLimit: rate, burstLimit: wholeNumber('Requests at once.', 0, 1_000_000) },
});

const throttling = objectOf('Limits of a stage.', {
  optional: {
    default: limit,
    routes: mapOf(
      limit,
      'By route.',
      /^(?:[A-Z]+ \/.*|\$default)$/,
      'a route such as "GET /invoices/{id}", or "$default"',
    ),
  },
});

const shape = objectOf('The relay on one machine.', {
  required: {
    webConfig: path,
    authorizer: path,
    gateways: objectOf('API definitions.', { optional: { http: path, rest: path } }),
    environment: mapOf(
      variable,
      'Environment variables.',
      /^[A-Za-z_][A-Za-z0-9_]*$/,
      'the name of an environment variable',
    ),
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
    functions: mapOf(
      relayFunctionShape,
      'Functions.',
      /^[A-Za-z0-9_-]{1,64}$/,
      'up to 64 letters, digits, "-" and "_"',
    ),
    sts: relayStsShape,
    entra: relayEntraShape,
    sqs: relaySqsShape,
    stateMachines: relayStatesShape,
    faults: relayFaultsShape,
    throttling: objectOf('Limits of the gateways.', { optional: { http: throttling, rest: throttling } }),
    ports: objectOf('Fixed ports.', {
      optional: {
        identityProvider: port,
        keys: port,
        lambda: port,
        stepFunctions: port,
        logs: port,
        sqs: port,
        sts: port,
        entra: port,
        iis: port,
        http: port,
        rest: port,
      },
    }),
  },
});

/** What the document names must be there: a start that fails half-way says less than a list. */
function checkFiles(document: RelayDocument, folder: string, problems: Problem[]): void {
  const { webConfig, authorizer, functions = {}, gateways, stateMachines = {} } = document;
  const files: readonly (readonly [string, string | undefined])[] = [
    ['/webConfig', webConfig],
    ['/authorizer', authorizer],
    ...Object.entries(functions).map(
      ([name, document]) => [step('/functions', name), readRelayFunction(document).file] as const,
    ),
    ...Object.entries(stateMachines).map(
      ([name, { definition }]) => [`${step('/stateMachines', name)}/definition`, definition] as const,
    ),
    ['/gateways/http', gateways.http],
    ['/gateways/rest', gateways.rest],
  ];
  for (const [pointer, file] of files) {
    if (file === undefined) continue;
    const absolute = resolve(folder, file);
    const isFile = statSync(absolute, { throwIfNoEntry: false })?.isFile() === true;
    if (!isFile) problems.push({ pointer, message: `there is no file ${absolute}` });
  }
  if (gateways.http === undefined && gateways.rest === undefined) {
    problems.push({ pointer: '/gateways', message: 'needs "http", "rest" or both' });
  }
}

/** What is written in the documents of AWS's, whose shape is checked where they are used. */
function checkReferences({ sts, entra, functions, environment }: RelayDocument, problems: Problem[]): void {
  variable.check(JSON.stringify(sts ?? {}), '/sts', problems);
  for (const [name, value] of Object.entries(environment)) {
    if (entra !== undefined || !value.includes('${relay.entra}')) continue;
    problems.push({ pointer: step('/environment', name), message: '${relay.entra} needs the member "entra"' });
  }
  for (const name of Object.keys(entra?.functions ?? {})) {
    if (Object.hasOwn(functions ?? {}, name)) continue;
    problems.push({ pointer: step('/entra/functions', name), message: 'is not under /functions' });
  }
}

/** Queues and functions that event sources name must be there. */
function checkEventSources({ sqs, functions = {} }: RelayDocument, problems: Problem[]): void {
  for (const [index, { queue, functionName }] of (sqs?.eventSources ?? []).entries()) {
    const pointer = step('/sqs/eventSources', index);
    const known = [
      ['queue', queue, Object.keys(sqs?.queues ?? {})],
      ['functionName', functionName, Object.keys(functions)],
    ] as const;
    for (const [member, name, names] of known) {
      if (!names.includes(name)) problems.push({ pointer: step(pointer, member), message: unknownName(name, names) });
    }
  }
}

function readDocument(absolute: string): unknown {
  const what = 'It says what the relay runs; another file is named with --config.';
  let content: string;
  try {
    content = readTextFile(absolute);
  } catch (cause) {
    throw new BatonError('relay_failed', `${absolute} cannot be read (${systemFault(cause)}). ${what}`, { cause });
  }
  try {
    return JSON.parse(content);
  } catch (cause) {
    throw new BatonError('relay_failed', `${absolute} is not JSON: ${(cause as Error).message}`, { cause });
  }
}

/**
 * Reads a relay configuration.
 * @throws BatonError `relay_failed` with every problem of the file
 */
export function readRelayConfig(file: string): RelayConfig {
  const absolute = resolve(file);
  const folder = dirname(absolute);
  const document = readDocument(absolute);
  const problems: Problem[] = [];
  shape.check(document, '', problems);
  if (problems.length === 0) {
    checkFiles(document as RelayDocument, folder, problems);
    checkReferences(document as RelayDocument, problems);
    checkEventSources(document as RelayDocument, problems);
    checkFaultServices(document as RelayDocument, problems);
  }
  if (problems.length > 0) {
    throw new BatonError('relay_failed', `${absolute} has problems:\n${formatProblems(problems)}`, { problems });
  }
  return { ...(document as RelayDocument), folder };
}

/** The environment of a checked configuration with `${relay.name}` filled in. */
export function fillRelayNames(
  environment: Readonly<Record<string, string>>,
  names: Readonly<Record<RelayName, string>>,
): Record<string, string> {
  const fill = (value: string): string => value.replace(RELAY_REFERENCE, (_, name: RelayName) => names[name]);
  return Object.fromEntries(Object.entries(environment).map(([name, value]) => [name, fill(value)]));
}

/** A part of a checked configuration, filled in the same way, names of members too. */
export function fillRelayDocument<T>(document: T, names: Readonly<Record<RelayName, string>>): T {
  const fill = (_: string, name: RelayName): string => JSON.stringify(names[name]).slice(1, -1);
  return JSON.parse(JSON.stringify(document).replace(RELAY_REFERENCE, fill)) as T;
}
