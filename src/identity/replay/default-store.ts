import { systemClock, type Clock } from '../../core/clock';
import { BatonError } from '../../core/errors';
import type { ReplayStore } from '../../core/replay';
import { memoryReplayStore } from './memory';
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

/**
 * The store that was handed in, or else the default one: one store, made when it is first asked for.
 * @throws BatonError `option_invalid` where what was handed in is no store
 */
export function sharedReplayStore(given: ReplayStore | undefined, clock: Clock | undefined): () => ReplayStore {
  if (given !== undefined && typeof given?.firstUse !== 'function') {
    throw new BatonError('option_invalid', 'The option "replayStore" needs the method firstUse().');
  }
  let store = given;
  return () => (store ??= defaultReplayStore(clock));
}
