import path from 'node:path';
import * as face from '../../src/authorizer';
import { bundle, runBundle, type Bundle } from './bundle';

const root = path.join(__dirname, '..', '..');

describe('the bundle of an authorizer', () => {
  let made: Bundle;
  beforeAll(async () => {
    made = await bundle("module.exports = require('iis-baton/authorizer');");
  });

  it('holds jose and no other package: no express, no winston, no AWS SDK', () => {
    expect(made.packages).toEqual(['jose']);
  });

  it('is smaller than 200 KB, so that a cold start reads little', () => {
    expect(made.bytes).toBeGreaterThan(10_000);
    expect(made.bytes).toBeLessThan(200_000);
  });

  it.each([
    [
      'takes the AWS SDK from the runtime where a signer needs it',
      path.join(root, 'node_modules'),
      'signer_unavailable',
    ],
    ['says what to install where the runtime has none, at the start', '', 'peer_missing at the start'],
  ])('%s', async (_, nodePath, code) => {
    const made = await bundle(`
      const { kmsSigner } = require('iis-baton/authorizer');
      const clientConfig = {
        endpoint: 'http://127.0.0.1:9', region: 'x', maxAttempts: 1, credentials: { accessKeyId: 'x', secretAccessKey: 'x' },
      };
      try {
        kmsSigner({ key: 'k', kid: 'k', clientConfig }).sign(Buffer.from('x'))
          .catch((error) => console.log(JSON.stringify(error.code)));
      } catch (error) {
        console.log(JSON.stringify(error.code + ' at the start'));
      }
    `);
    expect(runBundle(made.code, nodePath)).toBe(code);
  });

  it('runs with no node_modules beside it', async () => {
    const { code } = await bundle("console.log(JSON.stringify(Object.keys(require('iis-baton/authorizer')).sort()));");
    expect(runBundle(code)).toEqual(Object.keys(face).sort());
  });
});
