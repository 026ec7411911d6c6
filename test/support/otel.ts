import { AsyncLocalStorage } from 'node:async_hooks';
import {
  context,
  ROOT_CONTEXT,
  trace,
  type Attributes,
  type Context,
  type ContextManager,
  type Span,
} from '@opentelemetry/api';

/** OpenTelemetry's context as its SDK keeps it for Node, and no more of the SDK. */
class StorageContexts implements ContextManager {
  readonly #storage = new AsyncLocalStorage<Context>();
  active(): Context {
    return this.#storage.getStore() ?? ROOT_CONTEXT;
  }
  with<A extends unknown[], F extends (...args: A) => ReturnType<F>>(
    active: Context,
    work: F,
    self?: ThisParameterType<F>,
    ...args: A
  ): ReturnType<F> {
    return this.#storage.run(active, () => work.apply(self, args));
  }
  bind<T>(_active: Context, target: T): T {
    return target;
  }
  enable(): this {
    return this;
  }
  disable(): this {
    return this;
  }
}

/** Sets the API up for a test file; gives back how to take it down. */
export function useOpenTelemetry(): () => void {
  context.setGlobalContextManager(new StorageContexts());
  return () => context.disable();
}

export const SPAN = { traceId: 'aaaabbbbccccddddeeeeffff00001111', spanId: '1234567890abcdef', traceFlags: 1 };

/** Runs `work` below an active span; gives what it answered and what was said on the span. */
export async function inSpan<T>(
  work: () => T | Promise<T>,
  spanContext = SPAN,
): Promise<{ answer: T; attributes: Attributes }> {
  const attributes: Attributes = {};
  const span = trace.wrapSpanContext(spanContext);
  const recording: Span = Object.assign(Object.create(span) as Span, {
    setAttribute: (name: string, value: Attributes[string]) => ((attributes[name] = value), recording),
    setAttributes: (more: Attributes) => (Object.assign(attributes, more), recording),
  });
  const answer = await context.with(trace.setSpan(context.active(), recording), work);
  return { answer, attributes };
}
