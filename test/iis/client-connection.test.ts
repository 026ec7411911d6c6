import { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { clientOf, showSignedAddress } from '../../src/iis/client-connection';

const madeUp = (): IncomingMessage => {
  const request = new IncomingMessage(null as unknown as Socket);
  request.url = '/invoices/7';
  request.headers = { host: 'app.example' };
  return request;
};

it('says of a request without socket what can be said', () => {
  expect(clientOf(madeUp())).toEqual({
    mode: 'standalone',
    address: undefined,
    protocol: 'http',
    host: 'app.example',
    rawUrl: '/invoices/7',
    windowsUser: undefined,
  });
});

it('shows the signed address on it, and nothing that is no address', () => {
  const request = madeUp();
  showSignedAddress(request, 'not an address');
  expect(clientOf(request).address).toBeUndefined();
  showSignedAddress(request, '203.0.113.7');
  expect([clientOf(request).address, (request as { ip?: string }).ip]).toEqual(['203.0.113.7', '203.0.113.7']);
});
