import { eitherOf, objectOf, text, wholeNumber, type Shape } from '../policy/shape';

/** One of `functions` of `baton.dev.json`: the module with its handler, or that and more. */
export type RelayFunctionDocument = string | { readonly file: string; readonly timeoutSeconds?: number };

/** How long a function may take where the file does not say, in seconds. */
const DEFAULT_TIMEOUT_SECONDS = 30;

const path = text('A path, relative to this file.');

/** The shape of {@link RelayFunctionDocument}. */
export const relayFunctionShape: Shape = eitherOf('A function.', [
  path,
  objectOf('A function with settings.', {
    required: { file: path },
    optional: { timeoutSeconds: wholeNumber('How long it may take.', 1, 900) },
  }),
]);

/** The function's module, and how long it may take. */
export function readRelayFunction(document: RelayFunctionDocument): { file: string; timeoutSeconds: number } {
  const { file, timeoutSeconds = DEFAULT_TIMEOUT_SECONDS } =
    typeof document === 'string' ? { file: document } : document;
  return { file, timeoutSeconds };
}
