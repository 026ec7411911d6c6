import * as face from '../../src/function';
import { bundle, runBundle, type Bundle } from './bundle';

describe('the bundle of a function', () => {
  let made: Bundle;
  beforeAll(async () => {
    made = await bundle("module.exports = require('iis-baton/function');");
  });

  it('holds jose and no other package: no express, no winston, no AWS SDK', () => {
    expect(made.packages).toEqual(['jose']);
  });

  it('is smaller than 210 KB, so that a cold start reads little', () => {
    expect(made.bytes).toBeGreaterThan(10_000);
    expect(made.bytes).toBeLessThan(210_000);
  });

  it('runs with no node_modules beside it', async () => {
    const { code } = await bundle("console.log(JSON.stringify(Object.keys(require('iis-baton/function')).sort()));");
    expect(runBundle(code)).toEqual(Object.keys(face).sort());
  });
});
