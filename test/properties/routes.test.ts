import express5 from 'express';
import type { RequestHandler, Router } from 'express';
import fc from 'fast-check';
import type { Policy } from '../../src/policy/policy';
import { makeIdentity, makePolicy } from '../support/policies';
import { check, must, RUNS, title } from './property';

const express4 = require('express4') as typeof express5;

interface Entry {
  readonly method: 'GET' | 'HEAD' | 'POST' | undefined;
  readonly path: string;
}

/** Requests that are tried on each table and with each Express. */
const REQUESTS = 20;

const entry: fc.Arbitrary<Entry> = fc
  .tuple(
    fc.array(fc.constantFrom('a', 'B', 'files', '{x}', '{y}'), { maxLength: 3 }),
    fc.constantFrom('', '', '', '{rest+}'),
    fc.constantFrom<Entry['method'][]>(undefined, undefined, 'GET', 'GET', 'HEAD', 'POST'),
  )
  .map(([segments, rest, method]) => ({ path: `/${[...segments, ...(rest ? [rest] : [])].join('/')}`, method }));

/** Words for sorting: "0" literal, "1" parameter, "2" the path's end, "3" greedy; then how special the method is. */
function rank({ path, method }: Entry): string {
  const segments = path === '/' ? [] : path.slice(1).split('/');
  const kinds = segments.map((segment) => (segment.endsWith('+}') ? '3' : segment.startsWith('{') ? '1' : '0'));
  return `${kinds.join('').padEnd(6, '2')}${method === 'HEAD' ? 0 : method ? 1 : 2}`;
}

/** Without twins, the most special entry first: how an app has to register its handlers. */
const table = fc
  .uniqueArray(entry, {
    minLength: 2,
    maxLength: 9,
    selector: ({ path, method }) => `${method} ${path.toLowerCase().replaceAll('{y}', '{x}')}`,
  })
  .map((entries) => entries.sort((a, b) => rank(a).localeCompare(rank(b))));

const words = [
  ...['a', 'b', 'A', 'B', 'files', 'FILES', 'c', '', '', '%61', 'a%2fb', '..', '.', '*', ':x', '{x}', 'é', 'a;b'],
  ...['%2e%2e', '%00', 'a%20', '\u212a', 'ﬁles', 'a+b', '%zz', 'a.b', '~', 'constructor'],
];
const request = fc.record({
  method: fc.constantFrom('GET', 'GET', 'HEAD', 'POST', 'DELETE'),
  path: fc
    .tuple(fc.array(fc.constantFrom(...words), { maxLength: 5 }), fc.constantFrom('', '', '', '/'))
    .map(([segments, end]) => `/${segments.join('/')}${end}`),
});

/** The entry whose handler Express runs. */
function routed(router: Router, method: string, url: string): number | undefined {
  let taken: number | undefined;
  const response = { setHeader: () => {}, set: () => {}, send: () => {}, end: () => {}, locals: {} };
  router(
    { method, url, originalUrl: url, take: (index: number) => (taken = index) } as never,
    response as never,
    () => {},
  );
  return taken;
}

function makeRouter(version: 4 | 5, entries: readonly Entry[]): Router {
  const router = (version === 5 ? express5 : express4).Router();
  entries.forEach(({ path, method }, index) => {
    const template = path.replace(/\{(\w+)\+\}/, version === 5 ? '*$1' : '*').replace(/\{(\w+)\}/g, ':$1');
    // One name can stand twice in a path; names do not matter here.
    let count = 0;
    const unique = template.replace(/:\w/g, () => `:p${count++}`);
    const handler: RequestHandler = (req) => (req as unknown as { take: (index: number) => void }).take(index);
    router[(method?.toLowerCase() ?? 'all') as 'get'](unique, handler);
  });
  return router;
}

/** Each entry asks for a permission of its own; the role `not-3` has all of them but that of entry 3. */
function makeTablePolicy(entries: readonly Entry[]): Policy {
  const permissions = entries.map((_, index) => `entry:${index}`);
  const roles = Object.fromEntries(
    permissions.map((own, index) => [`not-${index}`, { permissions: permissions.filter((one) => one !== own) }]),
  );
  const routes = entries.map((one, index) => ({ ...one, permission: permissions[index] }));
  return makePolicy({ roles: { ...roles, all: { permissions } }, routes, actors: {}, functions: {} });
}

const identities = new Map<string, ReturnType<typeof makeIdentity>>();
function may(policy: Policy, role: string, method: string, path: string): boolean {
  const identity = identities.get(role) ?? makeIdentity({ roles: [role] });
  identities.set(role, identity);
  return policy.decideRoute({ method, path }, identity).allowed;
}

/** Only paths that the two Expresses read differently, or that no file is at, may stay closed although a handler would run. */
const readDifferently = (path: string): boolean => path.endsWith('/') || /\/(?:\.|%2e){1,2}(?:\/|$)/.test(path);

describe('route matching', () => {
  it(title('runs no handler of Express 4 or 5 without what its entry asks for'), () => {
    const seen = { handled: 0 };
    const inputs = fc.tuple(table, fc.array(request, { minLength: REQUESTS, maxLength: REQUESTS }));
    check(
      inputs,
      ([entries, requests]) => {
        const policy = makeTablePolicy(entries);
        for (const version of [4, 5] as const) {
          const router = makeRouter(version, entries);
          for (const { method, path } of requests) {
            const index = routed(router, method, path);
            if (index === undefined) continue;
            if (!readDifferently(path)) seen.handled++;
            const where = `Express ${version}: ${method} ${path} runs entry ${index}`;
            must(!may(policy, `not-${index}`, method, path), `${where} without its permission.`);
            if (!may(policy, 'all', method, path))
              must(readDifferently(path), `${where}, which the policy keeps closed.`);
          }
        }
      },
      RUNS / REQUESTS,
    );
    expect(seen.handled).toBeGreaterThan(5000);
  });
});
