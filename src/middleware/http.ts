import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Identity } from '../core/identity';

declare global {
  // The name of the namespace is Express's own; declaring it here merges with Express's and passport's typings.

  namespace Express {
    // The members come from Identity; passport declares the same empty interface to be filled.
    // eslint-disable-next-line @typescript-eslint/no-empty-object-type
    interface User extends Identity {}
    interface Request {
      /** The verified caller, frozen; undefined on public routes that were called without identity. */
      user?: User | undefined;
    }
  }
}

/** A request as Baton's middleware sees it: Node's own, with what Express adds. */
export interface HttpRequest extends IncomingMessage {
  /** The path that the router was mounted at. */
  baseUrl?: string;
  originalUrl?: string;
  user?: Identity | undefined;
}

/** A request that a router has matched: its parameters are known. */
export interface RoutedRequest extends HttpRequest {
  readonly params: Readonly<Record<string, unknown>>;
  readonly query: unknown;
  /** What a body parser made of the body. */
  readonly body?: unknown;
}

/** Passes on to the next middleware, or to the error handlers. */
export type Next = (error?: unknown) => void;

/** A middleware for Express 4 and 5, typed on `node:http`. */
export type Middleware = (req: HttpRequest, res: ServerResponse, next: Next) => void;
