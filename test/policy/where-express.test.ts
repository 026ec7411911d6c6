import express5, { type RequestHandler } from 'express';
import request from 'supertest';
import { makeIdentity, makePolicy } from '../support/policies';

const express4 = require('express4') as typeof express5;

const values = [
  'acme',
  'ACME',
  '%61cme',
  '%2561cme',
  'a%2Fb',
  'a%20b',
  'a+b',
  '%C3%A9',
  '%E9',
  '%zz',
  '%',
  'a;b',
  '..x',
];

/** What a handler gets as `req.params.tenant`; undefined where Express does not run it. */
async function parameterOf(express: typeof express5, value: string): Promise<string | undefined> {
  const app = express();
  let seen: string | undefined;
  const handler: RequestHandler = (req, res) => {
    seen = req.params.tenant as string;
    res.end();
  };
  app.get('/t/:tenant/x', handler);
  await request(app).get(`/t/${value}/x`);
  return seen;
}

describe.each([
  ['Express 5', express5],
  ['Express 4', express4],
])('%s and "where"', (_name, express) => {
  it.each(values)('read the parameter %s alike', async (value) => {
    const parameter = await parameterOf(express, value);
    const policy = makePolicy({ routes: [{ path: '/t/{tenant}/x', where: { tenant: '/tenant' } }] });
    const allowedFor = (tenant: string): boolean =>
      policy.decideRoute({ method: 'GET', path: `/t/${value}/x` }, { ...makeIdentity(), tenant }).allowed;
    // Whose tenant it is not, gets nothing, whatever spelling the tenant has.
    const tenants = new Set(['acme', 'ACME', 'é', 'a/b', 'a b', 'a+b', ...values, ...(parameter ? [parameter] : [])]);
    expect([...tenants].filter(allowedFor)).toEqual(parameter === undefined ? [] : [parameter]);
  });
});
