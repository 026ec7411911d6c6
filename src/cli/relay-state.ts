import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { BatonError } from '../core/errors';

/** Where a running relay is; written for other commands, without any secret. */
export interface RelayState {
  readonly pid: number;
  readonly issuer: string;
  readonly tokenEndpoint: string;
}

const stateFile = (configFile: string): string => join(dirname(resolve(configFile)), '.baton', 'relay.json');

/** The note, where there is one and the process that wrote it still runs. */
function findRelayState(configFile: string): RelayState | undefined {
  try {
    const state = JSON.parse(readFileSync(stateFile(configFile), 'utf8')) as RelayState;
    process.kill(state.pid, 0);
    return state;
  } catch {
    // No note, a torn one, or one of a relay that was killed: none runs.
    return undefined;
  }
}

/**
 * Refuses a second relay for one configuration: `baton token` could not know which one it is asked about.
 * @throws BatonError `relay_failed`
 */
export function checkNoRelayRuns(configFile: string): void {
  const running = findRelayState(configFile);
  if (running === undefined) return;
  throw new BatonError(
    'relay_failed',
    `A relay runs for ${configFile} already, as process ${running.pid}. If that is none, remove ${stateFile(configFile)}.`,
  );
}

/** Notes where the relay of a configuration runs. */
export function writeRelayState(configFile: string, state: RelayState): void {
  const file = stateFile(configFile);
  mkdirSync(dirname(file), { recursive: true });
  // The folder is this machine's own: nothing of it belongs into Git.
  writeFileSync(join(dirname(file), '.gitignore'), '*\n');
  writeFileSync(file, JSON.stringify(state, null, 2));
}

/** Takes the note away. */
export function removeRelayState(configFile: string): void {
  rmSync(stateFile(configFile), { force: true });
}

/**
 * Where the relay of a configuration runs.
 * @throws BatonError `relay_failed`
 */
export function readRelayState(configFile: string): RelayState {
  const state = findRelayState(configFile);
  if (state !== undefined) return state;
  throw new BatonError('relay_failed', `No relay runs for ${configFile}. Start it in another terminal: npx baton dev`);
}
