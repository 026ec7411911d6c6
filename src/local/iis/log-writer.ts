import { appendFile, mkdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Clock } from '../../core/clock';
import type { Logger } from '../../core/logger';
import {
  formatW3cDirectives,
  formatW3cLine,
  formatW3cTime,
  W3C_DEFAULT_FIELDS,
  w3cFileName,
  type W3cEntry,
} from '../../iis/w3c-log';
import { CUSTOM_LOG_FIELDS } from './custom-fields';

/** http.sys buffers its log as well; who reads it must not expect a line at once. */
const BUFFER_MS = 200;

const FIELD_NAMES = [...W3C_DEFAULT_FIELDS, ...CUSTOM_LOG_FIELDS.map(({ logFieldName }) => logFieldName)];

/** The W3C log of one site: a file a day (UTC), a block of directives at each start and each new file. */
export class W3cLogWriter {
  readonly #directory: string;
  readonly #clock: Clock;
  readonly #logger: Logger | undefined;
  #openFile = '';
  /** Text that waits, by file. */
  #buffer = new Map<string, string>();
  #timer: NodeJS.Timeout | undefined;
  #written: Promise<void> = Promise.resolve();

  constructor(directory: string, clock: Clock, logger: Logger | undefined) {
    this.#directory = directory;
    this.#clock = clock;
    this.#logger = logger;
  }

  /** Today's file. */
  file(): string {
    return join(this.#directory, w3cFileName(this.#clock(), true));
  }

  /** Logs a request that ended now; date and time are added here. */
  write(entry: W3cEntry): void {
    const now = this.#clock();
    const file = this.file();
    if (file !== this.#openFile) {
      this.#openFile = file;
      this.#append(file, formatW3cDirectives(now, FIELD_NAMES));
    }
    this.#append(file, formatW3cLine(FIELD_NAMES, { ...formatW3cTime(now), ...entry }));
    this.#timer ??= setTimeout(() => void this.flush(), BUFFER_MS);
  }

  /** Resolves when all lines so far are in their files. */
  flush(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const waiting = this.#buffer;
    this.#buffer = new Map();
    this.#written = this.#written.then(() => this.#writeOut(waiting));
    return this.#written;
  }

  #append(file: string, text: string): void {
    this.#buffer.set(file, (this.#buffer.get(file) ?? '') + text);
  }

  async #writeOut(waiting: ReadonlyMap<string, string>): Promise<void> {
    for (const [file, text] of waiting) {
      try {
        await mkdir(dirname(file), { recursive: true });
        await appendFile(file, text);
      } catch (cause) {
        this.#logger?.error('The W3C log cannot be written.', { file, reason: (cause as Error).message });
      }
    }
  }
}
