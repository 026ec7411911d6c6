'use strict';

/** A fixed sequence for a seed (sfc32): the same on each machine, and fast enough for tens of millions of draws. */
function createRandom(seed) {
  let a = 0x9e3779b9;
  let b = 0x243f6a88;
  let c = seed >>> 0;
  let counter = 1;
  const uint32 = () => {
    const sum = (((a + b) | 0) + counter++) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = ((c << 21) | (c >>> 11)) + sum;
    return sum >>> 0;
  };
  for (let warmUp = 0; warmUp < 16; warmUp++) uint32();
  const random = () => uint32() / 0x1_0000_0000;
  return {
    uint32,
    random,
    /** A whole number below the limit. */
    below: (limit) => Math.floor(random() * limit),
    /** Of a mean; mostly small, sometimes not. */
    exponential: (mean) => -Math.log(1 - random()) * mean,
    /** As latencies are: half of them below the median, with a long tail. */
    logNormal: (median, spread) =>
      median * Math.exp(spread * Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random())),
  };
}

/** Scrambles a number; no two give the same. */
function scramble(number) {
  let x = number ^ (number >>> 16);
  x = Math.imul(x, 0x7feb352d);
  x ^= x >>> 15;
  x = Math.imul(x, 0x846ca68b);
  return (x ^ (x >>> 16)) >>> 0;
}

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';

/** So many characters, six bits each. */
function letters(bits, count) {
  let text = '';
  for (let index = 0, rest = bits; index < count; index++, rest >>>= 6) text += ALPHABET[rest & 63];
  return text;
}

/** A request ID as HTTP APIs have it, `GQIVriFLIAMEMsA=`; another for each number. */
function gatewayId(number, random) {
  return `${letters(random.uint32(), 5)}${letters(scramble(number), 6)}${letters(random.uint32(), 4)}=`;
}

const hex = (number) => number.toString(16).padStart(8, '0');

/** A UUID of version 4; another for each number. */
function uuid(number, random) {
  const [second, third] = [hex(random.uint32()), hex(random.uint32())];
  const fourth = hex(random.uint32());
  return `${hex(scramble(number))}-${second.slice(0, 4)}-4${second.slice(5)}-a${third.slice(1, 4)}-${third.slice(4)}${fourth}`;
}

/** 32 hex digits. */
const hex32 = (random) => hex(random.uint32()) + hex(random.uint32()) + hex(random.uint32()) + hex(random.uint32());

module.exports = { createRandom, gatewayId, hex, hex32, letters, scramble, uuid };
