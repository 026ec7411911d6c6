import type { IncomingMessage, ServerResponse } from 'node:http';
import type { HostHeaders } from './host-headers';
import type { HostMode } from './host-mode';

type Drain = (reason: string) => Promise<void>;
type Signal = 'SIGTERM' | 'SIGINT' | 'SIGBREAK';

/** Ctrl-Break is Windows' own; it is what HttpPlatformHandler sends where its message is not answered. */
const SIGNALS: readonly Signal[] = ['SIGTERM', 'SIGINT', 'SIGBREAK'];

/**
 * Drains when the process is told to end, and then ends it. Not under iisnode, which tells nothing: it terminates the
 * process as soon as no request is open.
 *
 * The second signal ends the process at once, as it does in every program. An app with a listener of its own for the
 * signal decides itself when the process ends.
 *
 * @returns takes the listeners back
 */
export function drainOnSignals(drain: Drain): () => void {
  const listeners = SIGNALS.map((signal) => {
    const listener = (): void => {
      serversDraining++;
      void drain(signal).then(() => endUnlessAppDoes(signal));
    };
    process.once(signal, listener);
    return { signal, listener };
  });
  return () => {
    for (const { signal, listener } of listeners) process.removeListener(signal, listener);
  };
}

/** An app may have several servers; the last one to be ready ends the process. */
let serversDraining = 0;

function endUnlessAppDoes(signal: Signal): void {
  serversDraining--;
  if (serversDraining === 0 && process.listenerCount(signal) === 0) process.exit();
}

/** The variable that holds the app's virtual path, by mode. */
const PATH_VARIABLES: Partial<Record<HostMode, string>> = {
  httpPlatform: 'HTTP_PLATFORM_APPL_PATH',
  ancm: 'ASPNETCORE_APPL_PATH',
};

/**
 * Answers the message by which HttpPlatformHandler 2 and the ASP.NET Core Module ask the app to end. They wait for it
 * about ten seconds, then send Ctrl-Break, then terminate it.
 *
 * Clients cannot send it: the module strips their `MS-ASPNETCORE-…` headers, and without its token, which was checked
 * before, no message counts.
 *
 * @param hasToken whether the host has a token at all: HttpPlatformHandler 1.2 has none, sends no message and strips nothing
 * @returns whether the request was the message, and is answered
 */
export function shutdownMessages(
  mode: HostMode,
  hasToken: boolean,
  drain: Drain,
): (request: IncomingMessage, response: ServerResponse, headers: HostHeaders) => boolean {
  const variable = PATH_VARIABLES[mode];
  const appPath = variable === undefined ? '' : (process.env[variable] ?? '');
  const url = `${appPath.replace(/\/$/, '')}/iisintegration`;
  return (request, response, { events }) => {
    if (!hasToken || events.length !== 1) return false;
    if (request.method !== 'POST' || request.url !== url || events[0]?.toLowerCase() !== 'shutdown') return false;
    response.writeHead(202, { 'Content-Length': 0, Connection: 'close' }).end();
    response.once('close', () => void drain('shutdown message').then(() => process.exit()));
    return true;
  };
}
