import express5 from 'express';
import type { RequestHandler, Router } from 'express';
import type { Policy } from '../../src/policy/policy';
import { makeIdentity, makePolicy } from '../support/policies';

const express4 = require('express4') as typeof express5;

interface Entry {
  readonly method?: 'GET' | 'HEAD' | 'POST';
  readonly path: string;
}

/** A small generator of repeatable numbers (mulberry32). */
function randomOf(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}

const SEED = Number(process.env.BATON_SEED ?? 4711);
const random = randomOf(SEED);
const pick = <T>(items: readonly T[]): T => items[random(items.length)]!;
const times = <T>(count: number, make: () => T): T[] => Array.from({ length: count }, make);

function randomEntry(): Entry {
  const segments = times(random(4), () => pick(['a', 'B', 'files', '{x}', '{y}']));
  if (random(4) === 0) segments.push('{rest+}');
  const method = pick([undefined, undefined, 'GET', 'GET', 'HEAD', 'POST'] as const);
  return { path: `/${segments.join('/')}`, ...(method && { method }) };
}

/** Words for sorting: "0" literal, "1" parameter, "2" the path's end, "3" greedy; then how special the method is. */
function rank({ path, method }: Entry): string {
  const segments = path === '/' ? [] : path.slice(1).split('/');
  const kinds = segments.map((segment) => (segment.endsWith('+}') ? '3' : segment.startsWith('{') ? '1' : '0'));
  return `${kinds.join('').padEnd(6, '2')}${method === 'HEAD' ? 0 : method ? 1 : 2}`;
}

const keyOf = ({ path, method }: Entry): string => `${method} ${path.toLowerCase().replaceAll('{y}', '{x}')}`;

/** A list without twins, the most special entry first: how an app has to register its handlers. */
function randomTable(): Entry[] {
  const unique = new Map(times(2 + random(8), randomEntry).map((entry) => [keyOf(entry), entry]));
  return [...unique.values()].sort((a, b) => rank(a).localeCompare(rank(b)));
}

function randomPath(): string {
  const words = [
    'a',
    'b',
    'A',
    'B',
    'files',
    'FILES',
    'c',
    '',
    '',
    '%61',
    'a%2fb',
    '..',
    '.',
    '*',
    ':x',
    '{x}',
    'é',
    'a;b',
  ];
  const path = `/${times(random(6), () => pick(words)).join('/')}`;
  return random(4) === 0 ? `${path}/` : path;
}

/** The entry whose handler Express runs. */
function routed(router: Router, method: string, url: string): number | undefined {
  let taken: number | undefined;
  const response = { setHeader: () => {}, set: () => {}, send: () => {}, end: () => {}, locals: {} };
  const request = { method, url, originalUrl: url, take: (index: number) => (taken = index) };
  router(request as never, response as never, () => {});
  return taken;
}

function makeRouter(version: 4 | 5, table: readonly Entry[]): Router {
  const router = (version === 5 ? express5 : express4).Router();
  table.forEach(({ path, method }, index) => {
    const template = path.replace(/\{(\w+)\+\}/, version === 5 ? '*$1' : '*').replace(/\{(\w+)\}/g, ':$1');
    // One name can stand twice in a random path; names do not matter here.
    let count = 0;
    const unique = template.replace(/:\w/g, () => `:p${count++}`);
    const handler: RequestHandler = (req) => (req as unknown as { take: (index: number) => void }).take(index);
    router[(method?.toLowerCase() ?? 'all') as 'get'](unique, handler);
  });
  return router;
}

/** Each entry asks for a permission of its own; the role `not-3` has all of them but that of entry 3. */
function makeTablePolicy(table: readonly Entry[]): Policy {
  const permissions = table.map((_, index) => `entry:${index}`);
  const roles = Object.fromEntries(
    permissions.map((own, index) => [`not-${index}`, { permissions: permissions.filter((one) => one !== own) }]),
  );
  const routes = table.map((entry, index) => ({ ...entry, permission: permissions[index] }));
  return makePolicy({ roles: { ...roles, all: { permissions } }, routes, actors: {}, functions: {} });
}

const may = (policy: Policy, role: string, method: string, path: string): boolean =>
  policy.decideRoute({ method, path }, makeIdentity({ roles: [role] })).allowed;

describe.each([5, 4] as const)(`Express %d and the policy, seed ${SEED}`, (version) => {
  it('agree on thousands of random paths: no handler runs without what its entry asks for', () => {
    let handled = 0;
    let allowed = 0;
    const holes: string[] = [];
    const closed: string[] = [];
    for (const table of times(60, randomTable)) {
      const policy = makeTablePolicy(table);
      const router = makeRouter(version, table);
      for (const path of times(60, randomPath)) {
        const method = pick(['GET', 'GET', 'HEAD', 'POST', 'DELETE']);
        const index = routed(router, method, path);
        if (index === undefined) continue;
        handled++;
        const where = `${method} ${path} runs entry ${index} of ${JSON.stringify(table)}`;
        if (may(policy, `not-${index}`, method, path)) holes.push(where);
        if (may(policy, 'all', method, path)) allowed++;
        else closed.push(where);
      }
    }
    expect(holes).toEqual([]);
    // Only paths that the two Expresses read differently may stay closed although a handler would run.
    expect(closed.filter((where) => !/^\w+ \/(\S*\/)? runs/.test(where))).toEqual([]);
    expect(handled).toBeGreaterThan(400);
    expect(allowed).toBeGreaterThan(handled * 0.9);
  });
});
