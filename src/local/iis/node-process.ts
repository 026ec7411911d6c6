import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { dirname } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { IisnodeSettings } from '../../iis/iisnode-attributes';
import { LIFELINE_VARIABLE } from '../lifeline';
import { IISNODE_FAULTS } from './hosting-fault';
import { PipeConnection } from './pipe-connection';
import { PipePool } from './pipe-pool';

/** How to start the app. */
export interface NodeLaunch {
  /** Absolute. */
  readonly script: string;
  /** Absolute; the script that loads the app. */
  readonly interceptor: string;
  readonly flags: readonly string[];
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly pipePath: string;
  readonly iisnode: IisnodeSettings;
}

/** The descriptor behind standard input, output and error. */
const LIFELINE_FD = 3;

/** One node process with its pipe. It learns nothing about its end: it is terminated, as on Windows. */
export class NodeProcess {
  readonly pool: PipePool;
  /** Resolves when the process is gone. */
  readonly exited: Promise<void>;
  readonly #child: ChildProcess;
  readonly #launch: NodeLaunch;
  #hasExited = false;
  #activeRequests = 0;
  #retiring = false;

  constructor(launch: NodeLaunch) {
    this.#launch = launch;
    const { iisnode } = launch;
    this.pool = new PipePool(iisnode.maxNamedPipeConnectionPoolSize, iisnode.maxNamedPipePooledConnectionAge);
    this.#child = start(launch);
    this.exited = new Promise((resolve) => {
      const ended = (): void => {
        this.#hasExited = true;
        this.pool.clear();
        resolve();
      };
      this.#child.once('exit', ended).once('error', ended);
    });
  }

  get hasExited(): boolean {
    return this.#hasExited;
  }

  /** Whether it may be given another request. */
  get isAtLimit(): boolean {
    return this.#activeRequests >= this.#launch.iisnode.maxConcurrentRequestsPerProcess;
  }

  beginRequest(): void {
    this.#activeRequests++;
  }

  endRequest(): void {
    this.#activeRequests--;
    if (this.#retiring && this.#activeRequests === 0) void this.kill();
  }

  /**
   * A new connection to the app, tried again while the app starts.
   * @throws HostingFault 500.1002 where the process ended, 500.1001 where it never listened
   */
  async connect(): Promise<PipeConnection> {
    const { maxNamedPipeConnectionRetry, namedPipeConnectionRetryDelay } = this.#launch.iisnode;
    for (let attempt = 0; attempt <= maxNamedPipeConnectionRetry; attempt++) {
      if (this.#hasExited) throw IISNODE_FAULTS.nodeExited();
      const socket = await tryConnect(this.#launch.pipePath);
      if (socket !== undefined) return new PipeConnection(socket);
      await Promise.race([delay(namedPipeConnectionRetryDelay), this.exited]);
    }
    throw IISNODE_FAULTS.pipeConnect();
  }

  /**
   * Ends the process when it has no open requests, or after gracefulShutdownTimeout. Work that the app still does after
   * its last response is lost, as under iisnode.
   */
  async retire(): Promise<void> {
    this.#retiring = true;
    if (this.#activeRequests === 0) return this.kill();
    const timer = setTimeout(() => void this.kill(), this.#launch.iisnode.gracefulShutdownTimeout);
    await this.exited;
    clearTimeout(timer);
  }

  /** Terminates the process: no signal that JavaScript could see. */
  async kill(): Promise<void> {
    if (!this.#hasExited) this.#child.kill('SIGKILL');
    await this.exited;
  }
}

function start({ script, interceptor, flags, environment }: NodeLaunch): ChildProcess {
  const child = spawn(process.execPath, [...flags, interceptor, script], {
    cwd: dirname(script),
    env: { ...environment, [LIFELINE_VARIABLE]: String(LIFELINE_FD) },
    // What the app writes to the real descriptors is lost, as under iisnode.
    stdio: ['ignore', 'ignore', 'ignore', 'pipe'],
    windowsHide: true,
  });
  child.stdio[LIFELINE_FD]?.on('error', () => {});
  return child;
}

/** A connected socket; undefined while nobody listens there. */
async function tryConnect(path: string): Promise<Socket | undefined> {
  const socket = connect({ path });
  // Nothing may be read before somebody asks, not even with the connection just made.
  socket.pause();
  try {
    await once(socket, 'connect');
    return socket;
  } catch {
    socket.destroy();
    return undefined;
  }
}
