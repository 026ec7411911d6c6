import { closeSync, existsSync, openSync, readdirSync, readSync, statSync } from 'node:fs';
import { STATUS_CODES } from 'node:http';
import { join } from 'node:path';
import { htmlText } from '../../core/html-text';
import type { HostingFault } from './hosting-fault';
import type { Header } from './received-request';

/** A response that comes from the server itself. */
export interface OwnResponse {
  readonly status: number;
  readonly reason: string;
  readonly headers: readonly Header[];
  readonly body: Buffer;
}

/** How much of the app's standard error the page for developers shows. */
const MAX_STDERR_BYTES = 65_536;

/** IIS's own error page: what it puts in the place of an app's error body unless told to pass it through. */
export function iisErrorPage(status: number): OwnResponse {
  const reason = STATUS_CODES[status] ?? 'Error';
  return page(status, reason, `<h1>${status} ${htmlText(reason)}</h1>\n<p>This page stands for the one of IIS.</p>`);
}

/** A fault without a body, which the client sees where pages are switched off. */
export function bareFault(fault: HostingFault): OwnResponse {
  const reason = STATUS_CODES[fault.status] ?? 'Error';
  const headers: Header[] = fault.origin === 'iisnode' ? [['Cache-Control', 'no-cache']] : [];
  return { status: fault.status, reason, headers: [...headers, ['Content-Length', '0']], body: Buffer.alloc(0) };
}

/**
 * iisnode's page for developers (devErrorsEnabled): HTTP 200 for its own errors, with the end of the app's standard
 * error. Monitors that look at the status see a healthy site.
 */
export function developerPage(fault: HostingFault, iisnodeLogDirectory: string): OwnResponse {
  const hresult = (0x8007_0000 + fault.win32Status).toString(16);
  const details = [
    `<h1>The local iisnode could not serve this request</h1>`,
    `<p>HRESULT: 0x${hresult}<br>HTTP status: ${fault.status}<br>HTTP subStatus: ${fault.substatus}<br>`,
    `${htmlText(fault.message)}</p>`,
    `<pre>${htmlText(lastStandardError(iisnodeLogDirectory))}</pre>`,
  ];
  return page(200, 'OK', details.join('\n'));
}

function page(status: number, reason: string, content: string): OwnResponse {
  const body = Buffer.from(
    `<!DOCTYPE html>\n<html><head><title>${status}</title></head><body>\n${content}\n</body></html>\n`,
  );
  const headers: Header[] = [
    ['Content-Type', 'text/html; charset=utf-8'],
    ['Content-Length', String(body.length)],
  ];
  return { status, reason, headers, body };
}

/** The end of the newest log of standard error. */
function lastStandardError(directory: string): string {
  if (!existsSync(directory)) return '';
  const [newest] = readdirSync(directory)
    .filter((name) => name.includes('-stderr-'))
    .map((name) => ({ path: join(directory, name), stats: statSync(join(directory, name)) }))
    .sort((a, b) => b.stats.mtimeMs - a.stats.mtimeMs);
  if (newest === undefined) return '';
  const length = Math.min(newest.stats.size, MAX_STDERR_BYTES);
  const bytes = Buffer.alloc(length);
  const descriptor = openSync(newest.path, 'r');
  try {
    readSync(descriptor, bytes, 0, length, newest.stats.size - length);
  } finally {
    closeSync(descriptor);
  }
  return bytes.toString();
}
