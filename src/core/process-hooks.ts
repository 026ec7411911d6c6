import type { Logger } from './logger';

/**
 * What rooms of one process have to tell each other although they do not know each other: where its lines go, and what
 * has to be written before it ends.
 */
let logger: Logger | undefined;
const hooks = new Set<DrainHook>();
const beginnings = new Set<() => void>();

/** Brings something to a good end: writes what is buffered, closes what is open. */
export type DrainHook = () => void | Promise<void>;

/** Names the logger that the process's lines go to; the first one stays. */
export function announceLogger(announced: Logger): void {
  logger ??= announced;
}

/** The logger that was announced first, if any was. */
export function processLogger(): Logger | undefined {
  return logger;
}

/**
 * Has something brought to a good end when the server has answered its last request and the process is about to end.
 * @returns takes it back
 */
export function onDrain(hook: DrainHook): () => void {
  hooks.add(hook);
  return () => hooks.delete(hook);
}

/**
 * Tells what would hold up the end, such as answers that last, that the server takes no more requests.
 * @param told must not throw
 * @returns takes it back
 */
export function onDraining(told: () => void): () => void {
  beginnings.add(told);
  return () => beginnings.delete(told);
}

/** The server takes no more requests, and waits for the open ones. */
export function tellDraining(): void {
  for (const told of beginnings) told();
}

/** Runs every hook, all at the same time; one that fails stops no other. */
export async function runDrainHooks(failed: (error: unknown) => void): Promise<void> {
  await Promise.all(
    [...hooks].map(async (hook) => {
      try {
        await hook();
      } catch (error) {
        failed(error);
      }
    }),
  );
}
