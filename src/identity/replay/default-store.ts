import { systemClock, type Clock } from '../../core/clock';
import { BatonError } from '../../core/errors';
import type { ReplayStore } from '../../core/replay';
import type { Logger } from '../../core/logger';
import { coversOneProcess, memoryReplayStore } from './memory';
import { redisReplayStore } from './redis';

/** The environment variable that names the Redis of all processes of the app; `web.config` sets it in `<appSettings>`. */
const REDIS_VARIABLE = 'BATON_REPLAY_REDIS_URL';

/**
 * Where used tokens are remembered when the app says nothing: in the Redis that the environment names, else in this
 * process.
 *
 * @throws BatonError `option_invalid`, `peer_missing`
 */
export function defaultReplayStore(clock: Clock = systemClock, env: NodeJS.ProcessEnv = process.env): ReplayStore {
  const url = env[REDIS_VARIABLE];
  return url ? redisReplayStore({ url, clock }) : memoryReplayStore({ clock });
}

/** The default stores of this process, by the URL of their Redis; memory under the empty one. */
const ofProcess = new Map<string, ReplayStore>();

/** One for all middlewares of a process: each with a memory of its own would let a token in once more. */
function processStore(): ReplayStore {
  const url = process.env[REDIS_VARIABLE] ?? '';
  const store = ofProcess.get(url) ?? defaultReplayStore();
  ofProcess.set(url, store);
  return store;
}

const told = new WeakSet<ReplayStore>();

/** Nobody can see from inside one process whether there are others; whoever starts them can. */
function tellOfMemory(store: ReplayStore, logger: () => Logger): void {
  if (!coversOneProcess(store) || told.has(store)) return;
  told.add(store);
  logger().warn(
    `Used tokens are remembered in the memory of this process: each other process lets a token in once more. For more than one process set ${REDIS_VARIABLE}, or pass the option "replayStore".`,
    { type: 'replay_memory' },
  );
}

/**
 * The store that was handed in, or else the default one: one store, made when it is first asked for.
 *
 * @param clock for tests; with one of their own they get a store of their own
 * @param logger told, once, where the store covers this process alone
 * @throws BatonError `option_invalid` where what was handed in is no store
 */
export function sharedReplayStore(
  given: ReplayStore | undefined,
  clock: Clock | undefined,
  logger: () => Logger,
): () => ReplayStore {
  if (given !== undefined && typeof given?.firstUse !== 'function') {
    throw new BatonError('option_invalid', 'The option "replayStore" needs the method firstUse().');
  }
  let store = given;
  return () => {
    store ??= clock === undefined ? processStore() : defaultReplayStore(clock);
    tellOfMemory(store, logger);
    return store;
  };
}
