import { bundle } from './bundle';

describe('the check of bundles', () => {
  it('sees a package that is bundled, in whichever way it is loaded', async () => {
    const loads =
      "exports.f = () => require('winston'); exports.g = () => import('@xmldom/xmldom'); require('express');";
    const { packages } = await bundle(loads);
    expect(packages).toEqual(expect.arrayContaining(['@xmldom/xmldom', 'express', 'winston']));
  });
});
