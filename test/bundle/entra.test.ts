import * as face from '../../src/entra';
import { bundle, runBundle } from './bundle';

it('the bundle of a function that goes to Entra holds jose and no other package, and runs alone', async () => {
  const { packages, bytes } = await bundle(
    "module.exports = [require('iis-baton/function'), require('iis-baton/entra')];",
  );
  expect(packages).toEqual(['jose']);
  expect(bytes).toBeLessThan(250_000);
  const { code } = await bundle(`
    const { awsTokenSource, ...rest } = require('iis-baton/entra');
    let failed;
    try { awsTokenSource(); } catch (error) { failed = error.code; }
    console.log(JSON.stringify([['awsTokenSource', ...Object.keys(rest)].sort(), failed]));
  `);
  expect(runBundle(code)).toEqual([Object.keys(face).sort(), 'peer_missing']);
});
