import type { InvocationFacts } from './context';

/** What the endpoint sends to a function's process. */
export type ToProcess =
  | { readonly type: 'load'; readonly handlerFile: string; readonly handlerName: string; readonly endMark: string }
  | {
      readonly type: 'invoke';
      /** The event as JSON text, as it came. */
      readonly event: string;
      readonly facts: InvocationFacts;
      /** Becomes `_X_AMZN_TRACE_ID` for the time of the invocation. */
      readonly traceHeader: string;
    };

/** An error as a function's payload names it. */
export interface FunctionError {
  readonly errorType: string;
  readonly errorMessage: string;
  readonly trace?: readonly string[];
}

/** What a function's process sends back. */
export type FromProcess =
  | { readonly type: 'ready' }
  | { readonly type: 'unloadable'; readonly error: FunctionError }
  | { readonly type: 'result'; readonly payload: string; readonly memoryBytes: number }
  | { readonly type: 'failed'; readonly error: FunctionError; readonly memoryBytes: number };
