import type { Middleware } from './http';

/**
 * Several middlewares as one, the first first. Express is told of one layer and not of each: its router's own work a
 * layer costs 0.2 µs on Node 24 and more on Node 20, for every request.
 */
export function inTurn(parts: readonly Middleware[]): Middleware {
  return (req, res, next) => {
    let at = 0;
    const step = (error?: unknown): void => {
      const part = parts[at++];
      // Whatever is handed on, 'route' and 'router' too, is Express's to understand.
      if (part === undefined || error !== undefined) next(error);
      else part(req, res, step);
    };
    step();
  };
}
