import * as face from '../../src/authorizer';
import { bundle, runBundle, type Bundle } from './bundle';

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

  it('runs with no node_modules beside it', async () => {
    const { code } = await bundle("console.log(JSON.stringify(Object.keys(require('iis-baton/authorizer')).sort()));");
    expect(runBundle(code)).toEqual(Object.keys(face).sort());
  });
});
