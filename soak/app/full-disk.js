'use strict';

const fs = require('node:fs');
const path = require('node:path');

// Loaded before the app (web.config): a disk that is full, without filling one. While the file that SOAK_DISK_FILE names is
// there, it holds which files take no more: "audit" or "log". The first write that is refused takes half of its bytes, as
// on a real disk. It stands at the system's own functions, so that all of the package runs as it is.

const { SOAK_DISK_FILE = '', SOAK_AUDIT_FILE = '', BATON_LOG_FILE = '' } = process.env;
const { openSync, open, writeSync, write, closeSync, close, readFileSync } = fs;
const LOOK_AFTER_MS = 50;

const kinds = new Map();
let looked = { at: -Infinity, full: '' };
let halved = false;

function kindOf(file) {
  const name = String(file);
  if (name === BATON_LOG_FILE) return 'log';
  return path.dirname(name) === path.dirname(SOAK_AUDIT_FILE) ? 'audit' : undefined;
}

function fullNow() {
  const now = performance.now();
  if (now - looked.at > LOOK_AFTER_MS) {
    let full = '';
    try {
      full = readFileSync(SOAK_DISK_FILE, 'utf8');
    } catch {
      halved = false;
    }
    looked = { at: now, full };
  }
  return looked.full;
}

const isFull = (fd) => kinds.has(fd) && kinds.get(fd) === fullNow();
const noSpace = () =>
  Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC', errno: -28 });

fs.openSync = function openSyncNoted(file, ...rest) {
  const fd = openSync(file, ...rest);
  const kind = kindOf(file);
  if (kind !== undefined) kinds.set(fd, kind);
  return fd;
};
fs.open = function openNoted(file, ...rest) {
  const done = rest.pop();
  open(file, ...rest, (error, fd) => {
    const kind = kindOf(file);
    if (error === null && kind !== undefined) kinds.set(fd, kind);
    done(error, fd);
  });
};
fs.closeSync = function closeSyncNoted(fd) {
  kinds.delete(fd);
  return closeSync(fd);
};
fs.close = function closeNoted(fd, ...rest) {
  kinds.delete(fd);
  return close(fd, ...rest);
};
fs.writeSync = function writeSyncOrNot(fd, data, ...rest) {
  if (!isFull(fd)) return writeSync(fd, data, ...rest);
  if (halved) throw noSpace();
  halved = true;
  const bytes = Buffer.from(data).subarray(typeof rest[0] === 'number' ? rest[0] : 0);
  return writeSync(fd, bytes, 0, Math.ceil(bytes.length / 2));
};
fs.write = function writeOrNot(fd, ...rest) {
  if (!isFull(fd)) return write(fd, ...rest);
  process.nextTick(rest.pop(), noSpace(), 0);
};
