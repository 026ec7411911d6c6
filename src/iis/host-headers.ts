/** The headers of a request that say something of its way here, by whoever may have written them. */
export interface HostHeaders {
  /** `X-Forwarded-For`, one text a header, in order. */
  readonly forwardedFor: string[];
  readonly forwardedProto: string[];
  readonly forwardedHost: string[];
  /** `MS-ASPNETCORE-TOKEN`. */
  readonly tokens: string[];
  /** `MS-ASPNETCORE-EVENT`. */
  readonly events: string[];
  readonly originalUrl: string[];
  /** Names, in lower case, of headers that only a host may write, and every client can. */
  readonly reserved: string[];
}

const LOWER_CASE = 0x20;
const LETTER_M = 0x6d;
const LETTER_X = 0x78;

/** Collects them in one pass: most names are left alone after their first letter. */
export function hostHeaders(rawHeaders: readonly string[]): HostHeaders {
  const found: HostHeaders = {
    forwardedFor: [],
    forwardedProto: [],
    forwardedHost: [],
    tokens: [],
    events: [],
    originalUrl: [],
    reserved: [],
  };
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const name = rawHeaders[i] ?? '';
    const first = name.charCodeAt(0) | LOWER_CASE;
    if (first === LETTER_X || first === LETTER_M) collect(found, name.toLowerCase(), rawHeaders[i + 1] ?? '');
  }
  return found;
}

function collect(found: HostHeaders, name: string, value: string): void {
  switch (name) {
    case 'x-forwarded-for':
      found.forwardedFor.push(value);
      return;
    case 'x-forwarded-proto':
      found.forwardedProto.push(value);
      return;
    case 'x-forwarded-host':
      found.forwardedHost.push(value);
      return;
    case 'ms-aspnetcore-token':
      found.tokens.push(value);
      break;
    case 'ms-aspnetcore-event':
      found.events.push(value);
      break;
    case 'x-original-url':
      found.originalUrl.push(value);
      break;
    default:
      if (!isReserved(name)) return;
  }
  found.reserved.push(name);
}

const isReserved = (name: string): boolean =>
  name.startsWith('x-iisnode-') ||
  name.startsWith('ms-aspnetcore-') ||
  name === 'x-iis-windowsauthtoken' ||
  name === 'x-rewrite-url';
