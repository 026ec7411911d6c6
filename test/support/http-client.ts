import { Agent, request, type IncomingHttpHeaders } from 'node:http';

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  /** The body as JSON; undefined where it is none. */
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- answers of many shapes, held against literals
  readonly body: any;
  /** The client's port: the same for requests on one connection. */
  readonly localPort: number | undefined;
}

export interface RequestOptions {
  readonly method?: string;
  /** An access token, sent as `Authorization: Bearer`. */
  readonly token?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Default: a connection of its own. */
  readonly agent?: Agent;
}

/** One connection at a time, kept open. */
export const oneConnection = (): Agent => new Agent({ keepAlive: true, maxSockets: 1 });

/** Sends a request and reads the answer. Rejects where the connection breaks. */
export function send(url: string, { method = 'GET', token, headers, agent }: RequestOptions = {}): Promise<Answer> {
  const authorization = token === undefined ? {} : { Authorization: `Bearer ${token}` };
  return new Promise((resolve, reject) => {
    const outgoing = request(
      url,
      { method, headers: { ...authorization, ...headers }, agent: agent ?? false },
      (incoming) => {
        const localPort = incoming.socket.localPort;
        let text = '';
        incoming.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
        incoming.on('error', reject);
        incoming.on('end', () => {
          resolve({ status: incoming.statusCode ?? 0, headers: incoming.headers, body: readJson(text), localPort });
        });
      },
    );
    outgoing.setTimeout(15_000, () => outgoing.destroy(new Error(`${method} ${url} took longer than 15 s`)));
    outgoing.on('error', reject);
    outgoing.end();
  });
}

function readJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
