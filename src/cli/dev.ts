import { resolve } from 'node:path';
import { createLogger } from '../logging/winston-logger';
import { readApiDefinition, startRelay, type Relay } from '../local/relay';
import type { RelayConfig } from '../local/relay-config';
import { readArguments } from './arguments';
import { checkNoRelayRuns, removeRelayState, writeRelayState } from './relay-state';

const USAGE = `Usage: baton dev [--config baton.dev.json] [--logs folder] [--verbose]

Runs the whole relay on this machine: an OpenID provider, API Gateway with your authorizer, IIS with your app as iisnode
runs it, and Lambda with your functions; queues and faults where the configuration has them. Ctrl-C ends everything.

  --config   what to run; baton.dev.json by default
  --logs     where all logs go; a new folder for temporary files by default
  --verbose  tells on this terminal what the relay does`;

const OPTIONS = {
  config: { type: 'string', default: 'baton.dev.json' },
  logs: { type: 'string' },
  verbose: { type: 'boolean', default: false },
} as const;

/** A path of the API that anybody can try: the first that is read and has no parameters. */
function samplePath({ folder, gateways }: RelayConfig): string {
  const { paths = {} } = readApiDefinition(resolve(folder, gateways.http ?? gateways.rest ?? '')) as {
    paths?: Readonly<Record<string, object>>;
  };
  const readable = Object.entries(paths).filter(([path, operations]) => 'get' in operations && !path.includes('{'));
  const [signedIn] = readable.filter(([, operations]) => 'security' in (operations as { get: object }).get);
  return (signedIn ?? readable[0] ?? ['/'])[0];
}

function describe(relay: Relay): string {
  const { gateways, iis, identityProvider, lambda, logDirectory, config } = relay;
  const [gateway] = [gateways.http, gateways.rest].filter((item) => item !== undefined);
  const [user] = config.identityProvider.users;
  const rows: readonly (readonly [string, string | undefined])[] = [
    ['API (HTTP API)', gateways.http?.url],
    ['API (REST API)', gateways.rest?.url],
    ['IIS', `${iis.url}  (straight to the server: requests here carry no identity)`],
    ['sign-in', identityProvider.issuer],
    ['Lambda', lambda.url],
    ['Step Functions', relay.stepFunctions?.url],
    ['CloudWatch Logs', relay.logs?.url],
    ['SQS', relay.faults.sqs?.url],
    ['logs', logDirectory],
  ];
  const list = rows.filter(([, value]) => value !== undefined).map(([name, value]) => `  ${name.padEnd(16)}${value}`);
  const example =
    user === undefined || gateway === undefined
      ? []
      : [
          '',
          `Users: ${config.identityProvider.users.map(({ username }) => username).join(', ')}. In another terminal:`,
          '',
          `  curl -i -H "Authorization: Bearer $(npx baton token ${user.username})" ${gateway.url}${samplePath(config)}`,
        ];
  return ['The relay runs.', '', ...list, ...example, '', 'Ctrl-C ends it.'].join('\n');
}

/** Resolves when the terminal asks for the end; a second time ends the process as it always would. */
function interrupted(): Promise<void> {
  return new Promise((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => resolve());
  });
}

/** `baton dev`: runs the relay until it is interrupted. */
export async function dev(args: readonly string[]): Promise<void> {
  const parsed = readArguments(args, { usage: USAGE, options: OPTIONS, positionals: [] });
  if (parsed === undefined) return;
  const { config, logs, verbose } = parsed.values;
  checkNoRelayRuns(config);
  // Before the start: an interruption half-way through it must end what is started, too.
  const ended = interrupted();
  const relay = await startRelay({
    configFile: config,
    ...(logs !== undefined && { logDirectory: logs }),
    ...(verbose && { logger: createLogger({ level: 'debug' }) }),
  });
  try {
    const { issuer, tokenEndpoint } = relay.identityProvider;
    writeRelayState(config, { pid: process.pid, issuer, tokenEndpoint });
    console.log(describe(relay));
    await ended;
  } finally {
    removeRelayState(config);
    await relay.stop();
  }
}
