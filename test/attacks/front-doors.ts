import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
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
  /** The door as a process has it: what comes of it takes one token after the other, and gives what the outside sees. */
  open(surroundings: Surroundings): (token: string) => Promise<unknown>;
  /** What the outside sees of a good token. */
  readonly admitted: unknown;
  /** What the outside sees of any bad one, whatever is wrong with it. */
  readonly refused: unknown;
}

export const urls = {
  edge: 'https://keys.example.com/edge.json',
  provider: 'https://keys.example.com/provider.json',
  handOver: 'https://keys.example.com/hand-over.json',
};

/** The policy of the doors, all of whose keys are elsewhere. */
export const doorPolicy = (changes: SectionChanges = {}): Policy => invoicesPolicy(doorSections(changes));

/** What differs from the policy of the doors, where each door finds its issuer. */
export type SectionChanges = Readonly<Record<string, unknown>>;

/** The sections that the doors read; `changes` go into each of them. */
export function doorSections(changes: SectionChanges): Readonly<Record<string, unknown>> {
  const { edge, identityProviders, handOver } = invoicesDocument;
  return {
    edge: { ...edge, keys: { jwksUri: urls.edge }, ...changes },
    identityProviders: { entra: { ...identityProviders.entra, keys: { jwksUri: urls.provider }, ...changes } },
    handOver: { ...handOver, keys: { jwksUri: urls.handOver }, ...changes },
  };
}

/** Serves the three key sets, and writes down every address that was asked. */
export const keyFetch = (asked: string[]): Fetch =>
  answering(asked, (owner) => ({ keys: [relayKeys[owner].publicJwk] }));

/** Answers for the three key servers with whatever JSON it is told, and writes down every address that was asked. */
export function answering(asked: string[], answer: (owner: keyof typeof urls) => unknown): Fetch {
  return async (url) => {
    asked.push(url.href);
    const owner = Object.entries(urls).find(([, known]) => known === url.href)?.[0] as keyof typeof urls | undefined;
    if (owner === undefined) throw new Error(`Nobody may ask ${url.href}.`);
    return Response.json(answer(owner));
  };
}

/** An app behind the middleware; each token goes over a socket as it is, to a server that takes headers of any size. */
function app({ policy, ...options }: Surroundings): (token: string) => Promise<unknown> {
  const chain = baton({ policy, ...options });
  const answer = (req: IncomingMessage, res: ServerResponse): void =>
    chain(req, res, () => res.end(JSON.stringify(currentUser()?.subject)));
  return async (token) => {
    const server = createServer({ maxHeaderSize: 2 * 1024 * 1024 }, answer);
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
    socket.write(
      `GET /invoices/7 HTTP/1.1\r\nHost: app\r\nConnection: close\r\nX-Correlation-Id: c-1\r\nTxn-Token: ${token}\r\n\r\n`,
    );
    let text = '';
    for await (const chunk of socket) text += String(chunk);
    server.close();
    return { status: text.slice(9, 12), body: JSON.parse(text.slice(text.indexOf('\r\n\r\n') + 4)) as unknown };
  };
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
    open: app,
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
    open: (surroundings) => {
      const handler = authorizer(surroundings);
      return (token) =>
        handler(restEvent({ authorization: `Bearer ${token}` })).then(({ context }) => context?.subject, wordsOf);
    },
    admitted: 'entra:7d3c',
    refused: { name: 'Error', message: 'Unauthorized' },
  },
  {
    ...provider,
    name: 'the authorizer of an HTTP API',
    open: (surroundings) => {
      const handler = authorizer(surroundings);
      return async (token) => {
        const result = await handler(httpApiEvent({ authorization: `Bearer ${token}` })).catch(wordsOf);
        return (result as { context?: { subject: string } }).context?.subject ?? result;
      };
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
    open: (surroundings) => {
      const handler = withBaton(() => currentUser()?.subject, { name: 'render-invoice', ...surroundings });
      return (handOver) => handler({ baton: 1, handOver, correlationId: 'c-1', payload: null }).catch(wordsOf);
    },
    admitted: 'entra:7d3c',
    refused: { name: 'baton.token_invalid', message: 'The identity of this request could not be verified.' },
  },
];
