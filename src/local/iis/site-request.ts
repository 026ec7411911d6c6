import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Logger } from '../../core/logger';
import { cutCustomField } from '../../iis/w3c-log';
import { CUSTOM_LOG_FIELDS } from './custom-fields';
import type { RewriteRule, WebConfig } from '../../iis/web-config';
import { passAnswer, sendOwn, type ResponseSettings } from './client-response';
import { bareFault, developerPage, iisErrorPage, type OwnResponse } from './error-pages';
import { exchange, type Answer } from './exchange';
import { ClientGone, HostingFault, iisFault } from './hosting-fault';
import type { W3cLogWriter } from './log-writer';
import type { NodeApplication } from './node-application';
import { headerValues, receive, type Header, type ReceivedRequest } from './received-request';
import { filterRequest } from './request-filter';
import { serialiseHead } from './request-serialiser';
import { rewriteUrl, type RoutedUrl } from './url-rewrite';

/** What all requests of a site share. */
export interface SiteParts {
  readonly config: WebConfig;
  readonly rules: readonly RewriteRule[];
  /** By the handler's path, such as `/server.js`. */
  readonly applications: ReadonlyMap<string, NodeApplication>;
  readonly log: W3cLogWriter;
  readonly iisnodeLogDirectory: string;
  readonly logger: Logger | undefined;
}

/** What the log says about how a request ended. */
interface Outcome {
  readonly status: number;
  readonly substatus: number;
  readonly win32Status: number;
  /** The headers that the client got. */
  readonly headers: readonly Header[];
}

const ERROR_NETNAME_DELETED = 64;

/** Serves one request from its first byte to its line in the log. Never rejects. */
export async function serveRequest(site: SiteParts, message: IncomingMessage, response: ServerResponse): Promise<void> {
  const startedMs = performance.now();
  const request = receive(message);
  if (request === undefined) {
    // http.sys refuses this by itself: it stands in HTTPERR, never in the site's log.
    response.writeHead(400, { 'Content-Type': 'text/html', Connection: 'close' }).end('<h1>400 Bad Request</h1>\n');
    return;
  }
  const outcome = await answerRequest(site, request, message, response);
  site.log.write({
    's-ip': request.serverAddress,
    'cs-method': request.method,
    'cs-uri-stem': request.path,
    'cs-uri-query': request.query,
    's-port': request.serverPort,
    'c-ip': request.clientAddress,
    'cs(User-Agent)': headerValues(request.headers, 'User-Agent')[0],
    'cs(Referer)': headerValues(request.headers, 'Referer')[0],
    'sc-status': outcome.status,
    'sc-substatus': outcome.substatus,
    'sc-win32-status': outcome.win32Status,
    'time-taken': Math.round(performance.now() - startedMs),
    ...customFields(request.headers, outcome.headers),
  });
}

async function answerRequest(
  site: SiteParts,
  request: ReceivedRequest,
  message: IncomingMessage,
  response: ServerResponse,
): Promise<Outcome> {
  try {
    const refusal = filterRequest(request, site.config.requestFiltering);
    if (refusal !== undefined) throw refusal;
    const routed = rewriteUrl(request, site.rules);
    return await relay(site, request, routed, message, response);
  } catch (error) {
    if (error instanceof ClientGone) return abandoned(500, []);
    if (error instanceof HostingFault) return answerFault(site, error, response);
    site.logger?.error('The local IIS failed.', { path: request.path, reason: (error as Error).stack });
    return answerFault(site, iisFault(500, 0, 'The local IIS failed.'), response);
  }
}

async function relay(
  site: SiteParts,
  request: ReceivedRequest,
  routed: RoutedUrl,
  message: IncomingMessage,
  response: ServerResponse,
): Promise<Outcome> {
  const application = findApplication(site, routed.path);
  const { iisnode } = application;
  const nodeProcess = application.route();
  nodeProcess.beginRequest();
  try {
    const answer = await exchange(
      nodeProcess,
      {
        method: request.method,
        head: serialiseHead(request, routed, iisnode),
        body: message,
        chunked: headerValues(request.headers, 'Transfer-Encoding').length > 0,
        maxBodyBytes: site.config.requestFiltering.maxAllowedContentLengthBytes,
      },
      iisnode,
    );
    return await pass(site, answer, response);
  } finally {
    nodeProcess.endRequest();
  }
}

/** The handler of a path: the script itself, or anything below it (path info). Static files are not served here. */
function findApplication(site: SiteParts, path: string): NodeApplication {
  const folded = path.toLowerCase();
  for (const [handlerPath, application] of site.applications) {
    const own = handlerPath.toLowerCase();
    if (folded === own || folded.startsWith(`${own}/`)) return application;
  }
  throw iisFault(404, 0, 'No handler of iisnode serves this path.', 2);
}

/** The answer goes out; where it breaks off after its start, nothing but the log can tell. */
async function pass(site: SiteParts, answer: Answer, response: ServerResponse): Promise<Outcome> {
  const { status, substatus, headers } = answer.head;
  try {
    if (status >= 400 && site.config.existingResponse !== 'PassThrough') {
      await drain(answer.body);
      const replaced = withHeadersOf(headers, iisErrorPage(status));
      await sendOwn(replaced, response, settingsOf(site));
      return { status, substatus, win32Status: 0, headers: replaced.headers };
    }
    await passAnswer(answer, response, settingsOf(site));
    return { status, substatus, win32Status: 0, headers };
  } catch (error) {
    if (error instanceof ClientGone) return abandoned(status, headers);
    if (!(error instanceof HostingFault) || !response.headersSent) throw error;
    response.destroy();
    return { status, substatus: error.substatus, win32Status: error.win32Status, headers };
  }
}

/** Reads a body that nobody gets, so that its pipe can be used again. */
async function drain(body: AsyncGenerator<Buffer, void>): Promise<void> {
  while (!(await body.next()).done);
}

/** IIS replaces an error's body and what describes it; other headers of the app, such as a challenge, stay. */
function withHeadersOf(headers: readonly Header[], own: OwnResponse): OwnResponse {
  const kept = headers.filter(([name]) => !/^content-|^etag$|^last-modified$/i.test(name));
  return { ...own, headers: [...kept, ...own.headers] };
}

async function answerFault(site: SiteParts, fault: HostingFault, response: ServerResponse): Promise<Outcome> {
  site.logger?.debug('The local IIS answers a request itself.', {
    status: fault.status,
    substatus: fault.substatus,
    reason: fault.message,
  });
  const forDevelopers = fault.origin === 'iisnode' && fault.status >= 500 && site.config.iisnode.devErrorsEnabled;
  const own = forDevelopers ? developerPage(fault, site.iisnodeLogDirectory) : plainPage(site, fault);
  try {
    await sendOwn(own, response, settingsOf(site));
  } catch {
    return abandoned(own.status, own.headers);
  }
  return forDevelopers
    ? { status: own.status, substatus: 0, win32Status: 0, headers: own.headers }
    : { status: own.status, substatus: fault.substatus, win32Status: fault.win32Status, headers: own.headers };
}

function plainPage(site: SiteParts, fault: HostingFault): OwnResponse {
  return site.config.existingResponse === 'PassThrough' ? bareFault(fault) : iisErrorPage(fault.status);
}

function abandoned(status: number, headers: readonly Header[]): Outcome {
  return { status, substatus: 0, win32Status: ERROR_NETNAME_DELETED, headers };
}

function settingsOf({ config }: SiteParts): ResponseSettings {
  return {
    flushResponse: config.iisnode.flushResponse,
    removeServerHeader: config.requestFiltering.removeServerHeader,
  };
}

function customFields(request: readonly Header[], response: readonly Header[]): Record<string, string | undefined> {
  return Object.fromEntries(
    CUSTOM_LOG_FIELDS.map(({ logFieldName, sourceName, sourceType }) => {
      const values = headerValues(sourceType === 'RequestHeader' ? request : response, sourceName);
      return [logFieldName, cutCustomField(values.join(', '))];
    }),
  );
}
