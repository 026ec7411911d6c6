const PREFIX = 'x-iisnode-';

/**
 * Variables that IIS has for each request, so that iisnode always writes their headers. With one of these behind it, a
 * header was certainly not written by the client.
 */
const ALWAYS_THERE: ReadonlySet<string> = new Set([
  ...[
    'remote_addr',
    'remote_host',
    'remote_port',
    'local_addr',
    'server_port',
    'server_port_secure',
    'server_protocol',
  ],
  ...['https', 'request_method', 'unencoded_url', 'url', 'script_name', 'instance_id'],
]);

/**
 * Reads the server variables that iisnode promoted: the last headers of a request, in the reverse order of the setting.
 * What a client sent under the same names stands in front of them and counts for nothing.
 *
 * A variable that IIS does not have leaves no header, and then the one that stands in its place may be the client's. So
 * one that is not there for every request counts only with one that is in front of it, where no client's header can be.
 */
export class PromotedVariables {
  /** With the prefix, in lower case, the one that is written last first. */
  readonly #names: readonly string[];

  /** @param names as `promoteServerVars` holds them */
  constructor(names: readonly string[]) {
    this.#names = names.map((name) => name.toLowerCase());
  }

  /** Whether that variable is promoted, by its name in lower case. */
  has(name: string): boolean {
    return this.#names.includes(name);
  }

  /**
   * @param rawHeaders names and values in turn
   * @returns values by variable name in lower case; undefined where the headers are not those that the setting promises
   */
  read(rawHeaders: readonly string[]): ReadonlyMap<string, string> | undefined {
    const certain = new Map<string, string>();
    const pending: [string, string][] = [];
    let at = rawHeaders.length - 2;
    for (const name of this.#names) {
      const header = rawHeaders[at]?.toLowerCase() ?? '';
      const always = ALWAYS_THERE.has(name);
      if (header !== PREFIX + name) {
        if (always) return undefined;
        continue;
      }
      pending.push([name, rawHeaders[at + 1] ?? '']);
      at -= 2;
      if (always) for (const [known, value] of pending.splice(0)) certain.set(known, value);
    }
    return certain;
  }
}
