import type { AwsCredentials } from '../core/credentials';

/** One call of a function, in plain terms. */
export interface FunctionCall {
  /** ARN of the function, with version or alias where wanted. */
  readonly target: string;
  /** The envelope, as JSON in UTF-8. */
  readonly payload: Uint8Array;
  /** The hand-over token once more, for a gateway that looks at headers. */
  readonly handOver: string;
  /** Correlation and trace, by header. */
  readonly headers: Readonly<Record<string, string>>;
  /** Undefined where the SDK shall look for credentials itself. */
  readonly credentials: AwsCredentials | undefined;
  readonly signal: AbortSignal;
}

/** What came back. */
export interface FunctionAnswer {
  readonly payload: string;
  /** Set where the function itself failed: Lambda answers 200 then, too. */
  readonly functionError?: string;
}

/** An answer that comes in pieces. */
export interface OpenedAnswer {
  /** What the function says that it is. */
  readonly contentType: string | undefined;
  /** Ends early with a {@link FunctionFailure} where the function fails on the way. */
  readonly pieces: AsyncIterable<Uint8Array>;
}

/** A way to a function. AWS's SDK or `fetch` stands behind it; nothing above knows. */
export interface Transport {
  call(call: FunctionCall): Promise<FunctionAnswer>;
  /** Settles when the first piece is there: until then a failure can still become an answer of its own. */
  open(call: FunctionCall): Promise<OpenedAnswer>;
}

/** The function ran and failed, and its answer has no place of its own for that. */
export class FunctionFailure extends Error {
  override readonly name = 'FunctionFailure';
  /** What Lambda calls it, such as `Unhandled`. */
  readonly kind: string;
  /** The function's own words, as JSON or text; for the log alone. */
  readonly payload: string;

  constructor(kind: string, payload: string) {
    super('The function failed.');
    this.kind = kind;
    this.payload = payload;
  }
}

/** Reads the first piece before anybody is told that there is an answer. */
export async function startedAnswer(
  contentType: string | undefined,
  pieces: AsyncIterable<Uint8Array>,
): Promise<OpenedAnswer> {
  const iterator = pieces[Symbol.asyncIterator]();
  const first = await iterator.next();
  return {
    contentType,
    pieces: (async function* (): AsyncGenerator<Uint8Array> {
      try {
        for (let next = first; next.done !== true; next = await iterator.next()) yield next.value;
      } finally {
        // Also where the reader left early: the connection must not stay behind, half read.
        await iterator.return?.();
      }
    })(),
  };
}
