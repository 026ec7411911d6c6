import { entryAddress, walkBack, type ForwardedEntries, type Hop } from '../../src/iis/forwarded';
import type { RequestHandler } from '../../src/iis/listen';
import { clientOf, type ClientConnection } from '../../src/iis/client-connection';
import { trustedAddresses } from '../../src/iis/trusted-proxies';
import { hosts } from '../support/hosts';

describe('an entry of X-Forwarded-For', () => {
  it.each([
    ['203.0.113.9', '203.0.113.9'],
    [' 203.0.113.9:51234 ', '203.0.113.9'],
    ['[2001:db8::1]:443', '2001:db8::1'],
    ['[2001:db8::1]', '2001:db8::1'],
    ['2001:db8::1', '2001:db8::1'],
    ['::ffff:203.0.113.9', '203.0.113.9'],
    ['203.0.113.9:', undefined],
    ['203.0.113.999', undefined],
    ['unknown', undefined],
    ['_hidden', undefined],
    ['', undefined],
    ['evil.example:80', undefined],
    ['[203.0.113.9', undefined],
  ])('%j is the address %s', (entry, address) => {
    expect(entryAddress(entry)).toBe(address);
  });
});

describe('the way back to the client', () => {
  const isTrusted = trustedAddresses('test', ['10.0.0.0/8', '2001:db8:1::/48', '192.0.2.7']);
  const nearest: Hop = { address: '10.0.0.5', protocol: 'http', host: 'inner' };
  const entries = (addresses: string, protocols = '', hostNames = ''): ForwardedEntries => {
    const [a, p, h] = [addresses, protocols, hostNames].map((text) => text.split(' ').filter((item) => item !== ''));
    return { addresses: a!, protocols: p!, hosts: h! };
  };

  it.each([
    ['stops at the first that nobody named', '6.6.6.6 198.51.100.1 10.0.0.6', '198.51.100.1'],
    ['goes over IPv6 too', '198.51.100.1 2001:db8:1::9', '198.51.100.1'],
    ['ends with the last proxy where it wrote nothing', '', '10.0.0.5'],
    ['ends where a proxy did not know', '6.6.6.6 unknown', undefined],
    ['ends with the first where all are named', '192.0.2.7 10.0.0.6', '192.0.2.7'],
  ])('%s', (_, addresses, address) => {
    expect(walkBack(nearest, () => entries(addresses), isTrusted).address).toBe(address);
  });

  it('takes protocol and host from the nearest proxy, as far as it says something', () => {
    const from = (protocols: string, names: string): Hop =>
      walkBack(nearest, () => entries('198.51.100.1', protocols, names), isTrusted);
    expect(from('http HTTPS', 'evil outer')).toMatchObject({ protocol: 'https', host: 'outer' });
    expect(from('wss', '')).toMatchObject({ protocol: 'http', host: 'inner' });
  });

  it('asks nobody where the nearest hop is no proxy', () => {
    const direct = { ...nearest, address: '198.51.100.9' };
    const before = jest.fn();
    expect(walkBack(direct, before, isTrusted)).toBe(direct);
    expect(walkBack({ ...nearest, address: undefined }, before, isTrusted).address).toBeUndefined();
    expect(before).not.toHaveBeenCalled();
  });
});

it.each([
  [true, 'shown.example'],
  [false, 'app.example'],
])('X-Forwarded-Host of a named proxy counts where told: %s', async (forwardedHost, host) => {
  const app: RequestHandler = (req, res) => void res.end(JSON.stringify([clientOf(req), req.headers]));
  const open = await hosts.find(({ mode }) => mode === 'proxy')!.open(app, { forwardedHost });
  const { body } = await open.send({
    ...{ method: 'GET', httpVersion: '1.1', rawTarget: '/', path: '/', query: '' },
    headers: [
      ['Host', 'app.example'],
      ['X-Forwarded-Host', 'evil.example, shown.example'],
    ],
    ...{ clientAddress: '203.0.113.9', clientPort: 1, serverAddress: '10.0.0.80', serverPort: 80 },
  });
  await open.close();
  const [client, headers] = JSON.parse(body) as [ClientConnection, Record<string, string>];
  expect(client.host).toBe(host);
  expect(headers['x-forwarded-host']).toBe(forwardedHost ? 'shown.example' : undefined);
});
