import { once } from 'node:events';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import type { WindowsMachine } from './wine';

/** An app to start as iisnode starts it; paths are those of Windows. */
export interface AppLaunch {
  readonly interceptor: string;
  readonly script: string;
  readonly pipe: string;
  readonly environment: Readonly<Record<string, string>>;
}

/** The process inside Windows that starts apps and reaches their pipes. */
export interface WindowsHost {
  /** Resolves with the process ID once the pipe is open; rejects where the app ends before. */
  startApp(launch: AppLaunch): Promise<number>;
  /** TerminateProcess; resolves when the process is gone. */
  terminate(pid: number): Promise<void>;
  /** The URL through which the pipe can be reached from outside. */
  bridge(pipe: string): Promise<string>;
  /** Renames a file over another one, both by their Windows paths. */
  replace(draft: string, file: string): Promise<void>;
  stop(): Promise<void>;
}

interface Answer {
  readonly id: number;
  readonly value?: unknown;
  readonly error?: string;
}

const ANSWER_MS = 30_000;
const ENDED = 'The process inside Windows ended.';

/** Commands over one connection, each answered by its number. */
class Commands {
  readonly #socket: Socket;
  readonly #waiting = new Map<number, (answer: Answer) => void>();
  #lastId = 0;

  constructor(socket: Socket) {
    this.#socket = socket;
    createInterface({ input: socket }).on('line', (line) => {
      const answer = JSON.parse(line) as Answer;
      this.#waiting.get(answer.id)?.(answer);
      this.#waiting.delete(answer.id);
    });
    socket.on('close', () => {
      for (const [id, resolve] of this.#waiting) resolve({ id, error: ENDED });
    });
  }

  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- each command has an answer of its own
  async send(command: string, argument: unknown): Promise<any> {
    if (this.#socket.destroyed) throw new Error(ENDED);
    const id = ++this.#lastId;
    const answered = new Promise<Answer>((resolve) => this.#waiting.set(id, resolve));
    this.#socket.write(`${JSON.stringify({ id, command, argument })}\n`);
    // Where Wine crashed, its processes hang instead of ending: then nothing more will come.
    const timer = setTimeout(() => this.#socket.destroy(), ANSWER_MS);
    const { value, error } = await answered;
    clearTimeout(timer);
    if (error !== undefined) throw new Error(error);
    return value;
  }

  end(): void {
    this.#socket.end();
  }
}

export async function startHost(machine: WindowsMachine): Promise<WindowsHost> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const connected = once(server, 'connection') as Promise<[Socket]>;
  const ended = machine.run([machine.windowsPath(path.join(__dirname, 'host.js')), String(port)]);
  const failed = ended.then(({ stderr }): never => {
    throw new Error(`The process inside Windows did not start: ${stderr}`);
  });
  const [socket] = await Promise.race([connected, failed]);
  server.close();
  failed.catch(() => {});
  const commands = new Commands(socket);
  return {
    startApp: (launch) => commands.send('startApp', launch),
    terminate: (pid) => commands.send('terminate', pid),
    bridge: async (pipe) => `http://127.0.0.1:${Number(await commands.send('bridge', pipe))}`,
    replace: (draft, file) => commands.send('replace', { draft, file }),
    async stop() {
      commands.end();
      await Promise.race([ended, delay(ANSWER_MS, undefined, { ref: false })]);
    },
  };
}
