import type { ServerResponse } from 'node:http';
import type { HttpRequest, Middleware } from '../../src/middleware/http';
import { inTurn } from '../../src/middleware/in-turn';

const req = {} as HttpRequest;
const res = {} as ServerResponse;

function run(...endings: unknown[]): unknown[] {
  const seen: unknown[] = [];
  const parts = endings.map((ending, index): Middleware => (given, answer, next) => {
    seen.push(index, given === req && answer === res);
    if (ending !== 'answers') next(ending);
  });
  inTurn(parts)(req, res, (error) => seen.push('next', error));
  return seen;
}

describe('inTurn()', () => {
  it.each([
    ['runs each, and then what comes behind', [undefined, undefined], [0, true, 1, true, 'next', undefined]],
    ['stops where one answers', ['answers', undefined], [0, true]],
    ['hands an error on, past the others', ['failed', undefined], [0, true, 'next', 'failed']],
    ['hands on what routers understand', ['router', undefined], [0, true, 'next', 'router']],
    ['is nothing without parts', [], ['next', undefined]],
  ])('%s', (_what, endings, seen) => {
    expect(run(...endings)).toEqual(seen);
  });

  it('keeps two requests apart', () => {
    const waiting: (() => void)[] = [];
    const order: number[] = [];
    const both = inTurn([(_req, _res, next) => void waiting.push(next), (_req, _res, next) => next()]);
    for (const number of [1, 2]) both(req, res, () => order.push(number));
    waiting.reverse().forEach((go) => go());
    expect(order).toEqual([2, 1]);
  });

  it('lets what a part throws through, for Express to catch', () => {
    const failing: Middleware = () => {
      throw new Error('thrown');
    };
    expect(() => inTurn([failing])(req, res, () => undefined)).toThrow('thrown');
  });
});
