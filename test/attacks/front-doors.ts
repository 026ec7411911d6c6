import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import { connect, type AddressInfo } from 'node:net';
import { createAuthorizer } from '../../src/authorizer/authorizer';
import { currentUser } from '../../src/context/storage';
import { withBaton } from '../../src/function/with-baton';
import { jwkSigner } from '../../src/jws/sign';
import type { Fetch } from '../../src/keys/fetch-json';
import { baton } from '../../src/middleware/baton';
import type { Policy } from '../../src/policy/policy';
import { httpApiEvent, restEvent } from '../support/authorizer-events';
import { invoicesDocument, invoicesPolicy, relayKeys } from '../support/invoices';
import type { RecordingLogger } from '../support/recording-logger';
import { handOverToken, providerToken, transactionToken, type TestKey, type TokenChanges } from '../support/tokens';

/** What a door is built with, new for each knock. */
export interface Surroundings {
  readonly policy: Policy;
  readonly clock: () => number;
  readonly fetch: Fetch;
  readonly logger: RecordingLogger;
}

/** A place where a token comes in from outside. */
export interface FrontDoor {
  readonly name: string;
  readonly key: TestKey;
  /** Where its keys are; the only address that it may ask. */
  readonly keysUrl: string;
  /** The claim that says who the caller is. */
  readonly subjectClaim: string;
  mint(key: TestKey, changes?: TokenChanges): string;
  /** Comes in with a token; gives what the outside sees. */
  knock(token: string, surroundings: Surroundings): Promise<unknown>;
  /** What the outside sees of a good token. */
  readonly admitted: unknown;
  /** What the outside sees of any bad one, whatever is wrong with it. */
  readonly refused: unknown;
}

const urls = {
  edge: 'https://keys.example.com/edge.json',
  provider: 'https://keys.example.com/provider.json',
  handOver: 'https://keys.example.com/hand-over.json',
};

/** The policy of the doors, all of whose keys are elsewhere. */
export function doorPolicy(): Policy {
  const { edge, identityProviders, handOver } = invoicesDocument;
  return invoicesPolicy({
    edge: { ...edge, keys: { jwksUri: urls.edge } },
    identityProviders: { entra: { ...identityProviders.entra, keys: { jwksUri: urls.provider } } },
    handOver: { ...handOver, keys: { jwksUri: urls.handOver } },
  });
}

/** Serves the three key sets, and writes down every address that was asked. */
export function keyFetch(asked: string[]): Fetch {
  return async (url) => {
    asked.push(url.href);
    const owner = Object.entries(urls).find(([, known]) => known === url.href)?.[0] as keyof typeof urls | undefined;
    if (owner === undefined) throw new Error(`Nobody may ask ${url.href}.`);
    return Response.json({ keys: [relayKeys[owner].publicJwk] });
  };
}

/** Sends the token as it is, over a socket, to a server that takes headers of any size. */
async function requestWith(token: string, { policy, ...options }: Surroundings): Promise<unknown> {
  const chain = baton({ policy, ...options });
  const server = createServer({ maxHeaderSize: 2 * 1024 * 1024 }, (req: IncomingMessage, res) => {
    const run = (index: number): void => {
      const middleware = chain[index];
      if (middleware) middleware(req, res, () => run(index + 1));
      else res.end(JSON.stringify(currentUser()?.subject));
    };
    run(0);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
  socket.write(
    `GET /invoices/7 HTTP/1.1\r\nHost: app\r\nConnection: close\r\nX-Correlation-Id: c-1\r\nTxn-Token: ${token}\r\n\r\n`,
  );
  let answer = '';
  for await (const chunk of socket) answer += String(chunk);
  server.close();
  return { status: answer.slice(9, 12), body: JSON.parse(answer.slice(answer.indexOf('\r\n\r\n') + 4)) as unknown };
}

const authorizer = ({ policy, ...options }: Surroundings): ReturnType<typeof createAuthorizer> =>
  createAuthorizer({ policy, signer: jwkSigner(relayKeys.edge.privateJwk), ...options });

const wordsOf = (thrown: unknown): unknown => {
  const { name, message } = thrown as Error;
  return { name, message };
};

const provider = {
  key: relayKeys.provider,
  keysUrl: urls.provider,
  subjectClaim: 'oid',
  mint: providerToken,
};

export const frontDoors: readonly FrontDoor[] = [
  {
    name: 'the middleware',
    key: relayKeys.edge,
    keysUrl: urls.edge,
    subjectClaim: 'sub',
    mint: transactionToken,
    knock: requestWith,
    admitted: { status: '200', body: 'entra:7d3c' },
    refused: {
      status: '401',
      body: {
        type: 'urn:iis-baton:error:token_invalid',
        title: 'The identity of this request could not be verified.',
        status: 401,
        code: 'token_invalid',
        correlationId: 'c-1',
        challenge: 'Bearer realm="invoices", error="invalid_token"',
      },
    },
  },
  {
    ...provider,
    name: 'the authorizer of a REST API',
    knock: (token, surroundings) =>
      authorizer(surroundings)(restEvent({ authorization: `Bearer ${token}` })).then(
        ({ context }) => context?.subject,
        wordsOf,
      ),
    admitted: 'entra:7d3c',
    refused: { name: 'Error', message: 'Unauthorized' },
  },
  {
    ...provider,
    name: 'the authorizer of an HTTP API',
    knock: async (token, surroundings) => {
      const result = await authorizer(surroundings)(httpApiEvent({ authorization: `Bearer ${token}` }));
      return result.context === undefined ? result : result.context.subject;
    },
    admitted: 'entra:7d3c',
    refused: { isAuthorized: false },
  },
  {
    name: 'the function',
    key: relayKeys.handOver,
    keysUrl: urls.handOver,
    subjectClaim: 'sub',
    mint: handOverToken,
    knock: (handOver, surroundings) =>
      withBaton(() => currentUser()?.subject, { name: 'render-invoice', ...surroundings })({
        baton: 1,
        handOver,
        correlationId: 'c-1',
        payload: null,
      }).catch(wordsOf),
    admitted: 'entra:7d3c',
    refused: { name: 'baton.token_invalid', message: 'The identity of this request could not be verified.' },
  },
];
