import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { freePort } from './redis';
import { waitFor } from './wait';

/** The release that our endpoints are held against; others differ in details. */
const VERSION = '5.2.5';
const PACKAGE = `moto[server]==${VERSION}`;

/** moto's server. Only the one that is named: whichever is in the path may be of another version. */
const PROGRAM = process.env.BATON_MOTO ?? '';
const isInstalled = PROGRAM !== '' && spawnSync(PROGRAM, ['--help'], { timeout: 60_000 }).status === 0;
const isRequired = process.env.BATON_REQUIRE_ALL === '1';

/** A `describe` for what needs moto: left out, and said so, where there is none; with `BATON_REQUIRE_ALL=1` it fails there. */
export const describeWithMoto: jest.Describe = isInstalled || isRequired ? describe : describe.skip;
if (!isInstalled && !isRequired) {
  console.warn(
    `Left out: tests with moto. They need it from PyPI (pip install "${PACKAGE}"), its moto_server in BATON_MOTO.`,
  );
}

/** A moto of a test's own: an AWS account in memory, which somebody else wrote. */
export interface Moto {
  readonly url: string;
  stop(): Promise<void>;
}

/** Starts moto on a free port, on loopback. */
export async function startMoto(): Promise<Moto> {
  if (PROGRAM === '') throw new Error(`BATON_MOTO does not name a moto_server (pip install "${PACKAGE}").`);
  const port = await freePort();
  const child = spawn(PROGRAM, ['-H', '127.0.0.1', '-p', String(port)], { stdio: 'ignore' });
  const ended = once(child, 'close').catch((error: unknown) => error);
  const url = `http://127.0.0.1:${port}`;
  const isUp = (): Promise<boolean> =>
    fetch(`${url}/moto-api/`).then(
      (answer) => answer.ok,
      () => false,
    );
  const stop = async (): Promise<void> => {
    child.kill('SIGKILL');
    await ended;
  };
  try {
    await waitFor(`${PROGRAM} on port ${port}`, isUp, 30_000);
  } catch (error) {
    await stop();
    throw error;
  }
  return { url, stop };
}
