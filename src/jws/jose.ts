import type * as joseModule from 'jose' with { 'resolution-mode': 'import' };

/** What Baton uses of jose. */
export type Jose = Pick<typeof joseModule, 'importJWK' | 'calculateJwkThumbprint'>;

let loaded: Jose | undefined;

/**
 * jose, loaded when the first key is needed: loading `iis-baton` must cost nothing, and jose 6 is ESM only, which test
 * runners that transform modules cannot `require` (Jest fails on it as soon as it is loaded).
 */
export function jose(): Jose {
  loaded ??= require('jose') as Jose;
  return loaded;
}

/** Puts another in its place; for `standInForJose()` alone. */
export function replaceJose(other: Jose): void {
  loaded = other;
}
