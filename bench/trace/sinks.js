'use strict';
const { closeSync, mkdirSync, openSync, writeFileSync, writeSync } = require('node:fs');
const { dirname, join } = require('node:path');
const { gzipSync } = require('node:zlib');

const BUFFER_BYTES = 1 << 18;

/** One log file that is being written, and the account of its lines. */
class Sink {
  /** Bytes, not text: text that waits would be old when it goes, and costs the collector more than the writing. */
  #buffer = Buffer.allocUnsafe(BUFFER_BYTES);
  #used = 0;
  #fd;

  constructor(folder, path, kind) {
    this.path = path;
    this.kind = kind;
    this.bytes = 0;
    this.lines = 0;
    this.rows = 0;
    this.skipped = 0;
    this.rejects = {};
    this.file = join(folder, path);
    mkdirSync(dirname(this.file), { recursive: true });
    this.#fd = openSync(this.file, 'w');
  }

  /** A line that is a row of a table. Its line end belongs to it: logs have theirs. */
  row(line) {
    this.rows++;
    this.#add(line);
  }

  /** A line that is right and gives no row: a directive, START, END. */
  skip(line, lines = 1) {
    this.skipped += lines;
    this.#add(line, lines);
  }

  /** A line that cannot be read. */
  reject(reason, line) {
    this.rejects[reason] = (this.rejects[reason] ?? 0) + 1;
    this.#add(line);
  }

  /** A document of many lines that is so many rows. */
  document(text, rows) {
    this.rows += rows;
    this.#add(text, text.split('\n').length - 1);
  }

  close() {
    this.#flush();
    closeSync(this.#fd);
  }

  #add(text, lines = 1) {
    this.lines += lines;
    if (text.length > BUFFER_BYTES - this.#used) this.#flush();
    if (text.length > BUFFER_BYTES) this.bytes += writeSync(this.#fd, text, null, 'latin1');
    else this.#used += this.#buffer.latin1Write(text, this.#used);
  }

  #flush() {
    this.bytes += writeSync(this.#fd, this.#buffer, 0, this.#used);
    this.#used = 0;
  }
}

/** A file whose shape is made at its end: for small sizes, all of it is in memory. */
class ShapedSink extends Sink {
  #records = [];
  #shape;

  constructor(folder, path, kind, shape) {
    super(folder, path, kind);
    this.#shape = shape;
  }

  row(line) {
    this.rows++;
    this.#records.push(line);
  }

  reject(reason, line) {
    this.rejects[reason] = (this.rejects[reason] ?? 0) + 1;
    this.#records.push(line);
  }

  close() {
    super.close();
    const text = SHAPES[this.#shape](this.#records.map((record) => record.trimEnd()));
    this.bytes = Buffer.byteLength(text);
    this.lines = this.#records.length;
    writeFileSync(this.file, gzipSync(text));
  }
}

const timeOf = (record) => Number(/"requestTimeEpoch":"?(\d{13})/.exec(record)?.[1] ?? Date.UTC(2026, 2, 2, 12));

/** As CloudWatch exports a log group to S3: the time before each line. */
const exported = (records) => records.map((record) => `${new Date(timeOf(record)).toISOString()} ${record}\n`).join('');

/** As a subscription sends it through Firehose: objects of some events each, one right behind the other. */
function enveloped(records) {
  let text = '';
  for (let from = 0; from < records.length; from += 40) {
    const logEvents = records.slice(from, from + 40).map((message, index) => ({
      id: String(from + index).padStart(56, '3'),
      timestamp: timeOf(message),
      message,
    }));
    const envelope = { owner: '123456789012', logGroup: 'access', logStream: 'stream', subscriptionFilters: ['all'] };
    text += JSON.stringify({ messageType: 'DATA_MESSAGE', ...envelope, logEvents });
  }
  return text;
}

const SHAPES = { exported, enveloped };

/** The files of a folder, opened when they are first asked for. */
function openSinks(folder) {
  const sinks = new Map();
  const open = (path, make) => {
    let sink = sinks.get(path);
    if (sink === undefined) sinks.set(path, (sink = make()));
    return sink;
  };
  return {
    sink: (path, kind) => open(path, () => new Sink(folder, path, kind)),
    shaped: (path, kind, shape) => open(path, () => new ShapedSink(folder, path, kind, shape)),
    /** Closes all; gives the account of each. */
    close() {
      for (const sink of sinks.values()) sink.close();
      return [...sinks.values()].map(({ path, kind, bytes, lines, rows, skipped, rejects }) => ({
        ...{ path, kind, bytes, lines, rows, skipped },
        rejects,
      }));
    },
  };
}

module.exports = { openSinks };
