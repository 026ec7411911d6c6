import type { RequestHandler as ExpressHandler } from 'express';
import { isIPv6 } from 'node:net';
import { clientOf, type ClientConnection } from '../../src/iis/client-connection';
import type { RequestHandler } from '../../src/iis/listen';
import { plainAddress } from '../../src/iis/trusted-proxies';
import type { Header, ReceivedRequest } from '../../src/local/iis/received-request';
import type { SerialiserSettings } from '../../src/local/iis/request-serialiser';
import { hosts, iisnode, PROMOTED, TOKEN, type Host, type OpenHost } from '../support/hosts';
import { appWith, EXPRESSES, tokenOf, type ExpressModule } from '../middleware/apps';

/** What an app sees of a request's sender. */
interface Seen {
  readonly ip: string | null;
  readonly protocol: string;
  readonly secure: boolean;
  readonly hostname: string;
  readonly user: string;
  readonly client: ClientConnection;
  readonly headers: Readonly<Record<string, string>>;
}

function tellingApp(express: ExpressModule): RequestHandler {
  const tell: ExpressHandler = (req, res) => {
    const { ip = null, protocol, secure, hostname, headers } = req;
    res.json({ ip, protocol, secure, hostname, user: req.user?.subject, client: clientOf(req), headers });
  };
  return appWith(express, { routes: (app) => app.get('/invoices/:id', tell) }).app;
}

const TXN: Header = ['Txn-Token', tokenOf()];
const UNSIGNED_CLIENT: Header = ['Txn-Token', tokenOf({ rctx: {} })];
const EVIL = '6.6.6.6';

/** From the client to IIS: who connects to IIS, and what the proxies on the way have written. */
interface Chain {
  readonly name: string;
  readonly peer: string;
  readonly secure: boolean;
  /** What the proxies append to `X-Forwarded-For`, and what they put in the place of `X-Forwarded-Proto`. */
  readonly appended?: string;
  readonly proto?: string;
  readonly expected: { readonly address: string; readonly protocol: string };
}

const chains: readonly Chain[] = [
  {
    name: 'a client',
    peer: '203.0.113.9',
    secure: true,
    expected: { address: '203.0.113.9', protocol: 'https' },
  },
  {
    name: 'a client on IPv6 without TLS',
    peer: '2001:db8::9',
    secure: false,
    expected: { address: '2001:db8::9', protocol: 'http' },
  },
  {
    name: 'a trusted load balancer',
    peer: '10.0.0.5',
    secure: false,
    appended: '203.0.113.9',
    proto: 'https',
    expected: { address: '203.0.113.9', protocol: 'https' },
  },
  {
    name: 'two trusted load balancers',
    peer: '10.0.0.5',
    secure: true,
    appended: '203.0.113.9:40112, 10.1.0.6',
    proto: 'http',
    expected: { address: '203.0.113.9', protocol: 'http' },
  },
  {
    name: 'a proxy that nobody named behind a trusted one',
    peer: '10.0.0.5',
    secure: false,
    appended: '198.51.100.7, 192.0.2.50',
    proto: 'https',
    expected: { address: '192.0.2.50', protocol: 'https' },
  },
  {
    name: 'a proxy that nobody named',
    peer: '192.0.2.50',
    secure: false,
    appended: '203.0.113.9',
    proto: 'https',
    expected: { address: '192.0.2.50', protocol: 'http' },
  },
];

/** What a client writes into its request to be somebody else. */
const spoofs: readonly [name: string, headers: readonly Header[]][] = [
  ['nothing', []],
  [
    'X-Forwarded-*',
    [
      ['X-Forwarded-For', `1.2.3.4, ${EVIL}`],
      ['X-Forwarded-Proto', 'ftp, https'],
      ['X-Forwarded-Host', 'evil.example'],
    ],
  ],
  [
    'X-Forwarded-* twice',
    [
      ['X-Forwarded-For', '10.0.0.1'],
      ['x-forwarded-for', EVIL],
      ['X-Forwarded-Proto', 'http'],
      ['x-forwarded-proto', 'https'],
      ['X-Forwarded-Host', 'evil.example'],
      ['X-Forwarded-Host', 'evil.example'],
    ],
  ],
  [
    'X-iisnode-*',
    [
      ['X-iisnode-UNENCODED_URL', '/evil'],
      ['X-iisnode-HTTPS', 'on'],
      ['X-iisnode-REMOTE_ADDR', EVIL],
      ['X-iisnode-LOGON_USER', 'CORP\\evil'],
    ],
  ],
  [
    'MS-ASPNETCORE-* and X-IIS-WindowsAuthToken',
    [
      ['MS-ASPNETCORE-TOKEN', 'evil'],
      ['MS-ASPNETCORE-EVENT', 'shutdown'],
      ['MS-ASPNETCORE-WINAUTHTOKEN', 'evil'],
      ['MS-ASPNETCORE-CLIENTCERT', 'evil'],
      ['X-IIS-WindowsAuthToken', 'evil'],
    ],
  ],
  [
    'X-Original-URL and X-Rewrite-URL',
    [
      ['X-Original-URL', '/evil'],
      ['X-Rewrite-URL', '/evil'],
    ],
  ],
];

function requestBy(chain: Chain, spoofed: readonly Header[], token = UNSIGNED_CLIENT): ReceivedRequest {
  const headers: Header[] = [['Host', 'app.example:8443'], ...spoofed, token];
  // A proxy appends to the list of addresses, as one header, and says itself which protocol it was asked by.
  const written = (name: string): string[] =>
    headers.filter(([known]) => known.toLowerCase() === name).map(([, value]) => value);
  const sent = headers.filter(([name]) => chain.appended === undefined || !/^x-forwarded-(?:for|proto)$/i.test(name));
  if (chain.appended !== undefined) {
    sent.push(['X-Forwarded-For', [...written('x-forwarded-for'), chain.appended].join(', ')]);
    sent.push(['X-Forwarded-Proto', chain.proto ?? 'http']);
  }
  return {
    method: 'GET',
    httpVersion: '1.1',
    rawTarget: '/invoices/a%2Db?q=%41',
    path: '/invoices/a-b',
    query: 'q=%41',
    headers: sent,
    clientAddress: chain.peer,
    clientPort: 51_234,
    serverAddress: '10.0.0.80',
    serverPort: 443,
    secure: chain.secure,
  };
}

/** What is right for that host: with no host the socket alone counts, which is this machine's. */
function expectedOf({ mode, tells }: Host, { expected, peer, appended, secure }: Chain): object {
  const address = tells.includes('address') ? expected.address : '127.0.0.1';
  // Without the variable HTTPS iisnode cannot tell a client's header from its own; behind a trusted proxy it is that one's.
  const believed = tells.includes('protocol') || (mode === 'iisnode' && appended !== undefined && peer === '10.0.0.5');
  // ARR's rule says how ARR was asked, over the head of what stands in front of it.
  const known = mode === 'proxy' ? (secure ? 'https' : 'http') : expected.protocol;
  const protocol = believed ? known : 'http';
  return {
    ip: address,
    protocol,
    secure: protocol === 'https',
    hostname: 'app.example',
    user: 'entra:ada',
    client: {
      mode,
      address,
      protocol,
      host: 'app.example:8443',
      ...(tells.includes('rawUrl') && { rawUrl: '/invoices/a%2Db?q=%41' }),
    },
  };
}

const cells = (): [chain: string, spoof: string, Chain, readonly Header[]][] =>
  chains.flatMap((chain) =>
    spoofs.map(([spoof, headers]): [string, string, Chain, readonly Header[]] => [chain.name, spoof, chain, headers]),
  );

describe.each(hosts)('behind $name', (host) => {
  describe.each(EXPRESSES)('%s sees the client', (_name, express) => {
    let open: OpenHost;
    beforeAll(async () => (open = await host.open(tellingApp(express))));
    afterAll(() => open.close());

    const seenBy = async (request: ReceivedRequest): Promise<Seen> => {
      const { status, body } = await open.send(request);
      expect({ status, body }).toMatchObject({ status: 200 });
      return JSON.parse(body) as Seen;
    };

    it.each(cells())('through %s, which spoofs %s', async (_chain, _spoof, chain, headers) => {
      const seen = await seenBy(requestBy(chain, headers));
      expect({ ...seen, ip: plainAddress(seen.ip ?? '') }).toMatchObject(expectedOf(host, chain));
      // With no host, Express believes no header; what an app reads out of them by itself is its own affair.
      const kept = Object.entries(seen.headers).filter(
        ([name]) => host.mode !== 'standalone' || !name.startsWith('x-forwarded-'),
      );
      expect(JSON.stringify([kept, seen.client])).not.toMatch(/evil|6\.6\.6\.6|-token":"3f2b/);
      expect(JSON.stringify(kept)).not.toContain(TOKEN);
    });

    it('at the address that the gateway signed, whatever the way', async () => {
      for (const [index, [, headers]] of spoofs.entries()) {
        const chain = chains[index % chains.length]!;
        const seen = await seenBy(requestBy(chain, headers, TXN));
        expect(seen).toMatchObject({ ip: '203.0.113.7', client: { address: '203.0.113.7', mode: host.mode } });
        expect(seen.protocol).toBe((expectedOf(host, chain) as Seen).protocol);
      }
    });

    it('signed in with Windows authentication, where the host can tell', async () => {
      const [client] = chains as [Chain];
      const spoofed: Header[] = [['X-iisnode-LOGON_USER', 'CORP\\evil']];
      const seen = await seenBy({ ...requestBy(client, spoofed), windowsUser: 'CORP\\bob' });
      expect(seen.client.windowsUser).toBe(host.tells.includes('windowsUser') ? 'CORP\\bob' : undefined);
      expect((await seenBy(requestBy(client, spoofed))).client.windowsUser).toBeUndefined();
    });
  });
});

describe('where a client reaches iisnode’s script without a rule that rewrites', () => {
  const direct = (path: string, originalUrl: string): ReceivedRequest => ({
    ...requestBy(chains[0]!, [['X-Original-URL', originalUrl]]),
    ...{ rawTarget: path, path, query: '' },
  });
  const answerTo = async (promoteServerVars: string, request: ReceivedRequest): Promise<object> => {
    const app: RequestHandler = (req, res) => void res.end(JSON.stringify({ url: req.url }));
    const open = await iisnode({ enableXFF: true, promoteServerVars }, { rewrites: false })(app);
    const { status, body } = await open.send(request);
    await open.close();
    return { status, ...(JSON.parse(body) as object) };
  };

  it('a URL that it made up is refused, and one that is so is not', async () => {
    expect(await answerTo(PROMOTED, direct('/server.js', '/admin'))).toMatchObject({
      status: 400,
      code: 'request_target_invalid',
    });
    expect(await answerTo(PROMOTED, direct('/server.js', '/server.js'))).toEqual({ status: 200, url: '/server.js' });
  });

  it('nobody can tell without UNENCODED_URL: the app sees, and decides on, what the client wrote', async () => {
    expect(await answerTo('REMOTE_ADDR', direct('/server.js', '/admin'))).toEqual({ status: 200, url: '/admin' });
  });
});

describe('what is not known of a client is not guessed', () => {
  const clientSeen = async (settings: SerialiserSettings, headers: readonly Header[]): Promise<ClientConnection> => {
    const app: RequestHandler = (req, res) => void res.end(JSON.stringify(clientOf(req)));
    const open = await iisnode(settings)(app);
    const { body } = await open.send(requestBy(chains[0]!, headers));
    await open.close();
    return JSON.parse(body) as ClientConnection;
  };
  const all = spoofs.flatMap(([, headers]) => headers);

  it('where iisnode adds nothing', async () => {
    const seen = await clientSeen({ enableXFF: false, promoteServerVars: '' }, all);
    expect(seen).toEqual({ mode: 'iisnode', protocol: 'http', host: 'app.example:8443' });
  });

  it('but enableXFF can be led to leave out an address that the client’s text ends with', async () => {
    const spoofed: Header[] = [
      ['X-Forwarded-For', '1203.0.113.9'],
      ['X-Forwarded-For', EVIL],
    ];
    expect((await clientSeen({ enableXFF: true, promoteServerVars: '' }, spoofed)).address).toBeUndefined();
    const shorter: Header[] = [['X-Forwarded-For', '2001:db8::1:203.0.113.9']];
    expect((await clientSeen({ enableXFF: true, promoteServerVars: '' }, shorter)).address).not.toBe('203.0.113.9');
    expect((await clientSeen({ enableXFF: true, promoteServerVars: PROMOTED }, shorter)).address).toBe('203.0.113.9');
  });
});

it('the table has the cells that were asked for', () => {
  expect(hosts.length * cells().length).toBeGreaterThanOrEqual(60);
  expect(chains.some(({ peer }) => isIPv6(peer))).toBe(true);
  expect(PROMOTED.split(',')).toContain('REMOTE_ADDR');
});
