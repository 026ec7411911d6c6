import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import type { IisnodeSettings } from '../../iis/iisnode-attributes';
import { IISNODE_FAULTS } from './hosting-fault';
import { nodeEnvironment, nodeFlags, type EnvironmentSources } from './node-environment';
import { NodeProcess } from './node-process';

/** An app: one script and its node processes, started when a request is routed to them. */
export class NodeApplication {
  readonly #script: string;
  readonly #interceptor: string;
  readonly #sources: EnvironmentSources;
  readonly #pipeDirectory: string;
  /** All that were started and may still run, retiring ones included. */
  readonly #running = new Set<NodeProcess>();
  #slots: (NodeProcess | undefined)[];
  #nextSlot = 0;
  #pipesNamed = 0;

  constructor(script: string, interceptor: string, sources: EnvironmentSources) {
    this.#script = script;
    this.#interceptor = interceptor;
    this.#sources = sources;
    this.#slots = Array.from({ length: sources.iisnode.nodeProcessCountPerApplication || availableParallelism() });
    // Short, because the path of a Unix socket may have no more than 103 characters on macOS; readable by the owner only.
    this.#pipeDirectory = process.platform === 'win32' ? '' : mkdtempSync(join(tmpdir(), 'iis-'));
  }

  get iisnode(): IisnodeSettings {
    return this.#sources.iisnode;
  }

  /**
   * The process for the next request, round robin; a slot whose process is gone gets a new one now.
   * @throws HostingFault 503.1002 where all are at maxConcurrentRequestsPerProcess
   */
  route(): NodeProcess {
    for (let left = this.#slots.length; left > 0; left--) {
      const slot = this.#nextSlot;
      this.#nextSlot = (slot + 1) % this.#slots.length;
      const candidate = this.#slots[slot];
      const usable = candidate === undefined || candidate.hasExited ? this.#start(slot) : candidate;
      if (!usable.isAtLimit) return usable;
    }
    throw IISNODE_FAULTS.processBusy();
  }

  /** Retires all processes; the next request meets new ones. Resolves when the old ones are gone. */
  async recycle(): Promise<void> {
    const old = this.#slots;
    this.#slots = old.map(() => undefined);
    await Promise.all(old.flatMap((one) => (one === undefined ? [] : [one.retire()])));
  }

  /** Terminates all processes at once. */
  async kill(): Promise<void> {
    await Promise.all([...this.#running].map((one) => one.kill()));
  }

  /** Terminates all processes and removes their pipes. */
  async dispose(): Promise<void> {
    await this.kill();
    if (this.#pipeDirectory !== '') rmSync(this.#pipeDirectory, { recursive: true, force: true });
  }

  #start(slot: number): NodeProcess {
    const pipePath = this.#namePipe();
    const { iisnode } = this.#sources;
    const started = new NodeProcess({
      script: this.#script,
      interceptor: this.#interceptor,
      flags: nodeFlags(iisnode.nodeProcessCommandLine),
      environment: nodeEnvironment(this.#sources, pipePath),
      pipePath,
      iisnode,
    });
    this.#running.add(started);
    void started.exited.then(() => {
      this.#running.delete(started);
      if (this.#pipeDirectory !== '') rmSync(pipePath, { force: true });
    });
    this.#slots[slot] = started;
    return started;
  }

  #namePipe(): string {
    return this.#pipeDirectory === ''
      ? `\\\\.\\pipe\\${randomUUID()}`
      : join(this.#pipeDirectory, String(++this.#pipesNamed));
  }
}
