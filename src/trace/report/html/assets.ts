import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Our own files lie beside the code, in the sources as in `dist`; uPlot is put into `dist` by the build, from its package. */
const OWN = join(__dirname, '..', 'page');
const BUILT = join(__dirname, '..', '..', '..', '..', 'dist', 'trace', 'report', 'page');

/** One scope, in this order: what stands in one file is used by those after it. */
const SCRIPTS = ['units.js', 'page-state.js', 'theme.js', 'charts.js', 'heat-map.js', 'panels.js', 'start.js'];
const STYLES = ['page.css', 'panels.css', 'print.css'];

/** What the page's look and work are made of. */
export interface Assets {
  readonly style: string;
  readonly script: string;
  /** Content-Security-Policy: this style sheet, this script, and nothing else from anywhere. */
  readonly policy: string;
}

/** Reads style sheets and scripts. */
export function readAssets(): Assets {
  const own = (name: string): string => readLines(join(OWN, name));
  const built = (name: string): string => readLines(join(BUILT, name));
  const notice = `/*!\n${built('uPlot.LICENSE')}*/\n`;
  const style = [notice, built('uPlot.min.css'), ...STYLES.map(own)].join('\n');
  const script = [notice, built('uPlot.iife.min.js'), "(() => {\n'use strict';", ...SCRIPTS.map(own), '})();\n'].join(
    '\n',
  );
  const policy = [
    "default-src 'none'",
    `style-src '${hash(style)}'`,
    `script-src '${hash(script)}'`,
    "base-uri 'none'",
    "form-action 'none'",
    "require-trusted-types-for 'script'",
    "trusted-types 'none'",
  ].join('; ');
  return { style, script, policy };
}

/** Browsers read CR LF as LF, and the hash is of what they read. */
const readLines = (path: string): string => readFileSync(path, 'utf8').replaceAll('\r\n', '\n');

const hash = (text: string): string => `sha256-${createHash('sha256').update(text).digest('base64')}`;
