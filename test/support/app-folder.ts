import { mkdirSync, mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';

/** An app in a temporary folder, as somebody has it before Baton. */
export interface AppFolder {
  readonly folder: string;
  readonly pathOf: (name: string) => string;
  write(name: string, text: string): void;
  remove(): void;
}

/** Makes a folder `app` with these files in a temporary one, so that what is written beside it is removed, too. */
export function appFolder(files: Readonly<Record<string, string>>): AppFolder {
  const parent = realpathSync(mkdtempSync(path.join(os.tmpdir(), 'baton-app-')));
  const folder = path.join(parent, 'app');
  const pathOf = (name: string): string => path.join(folder, name);
  const write = (name: string, text: string): void => {
    mkdirSync(path.dirname(pathOf(name)), { recursive: true });
    writeFileSync(pathOf(name), text);
  };
  mkdirSync(folder);
  for (const [name, text] of Object.entries(files)) write(name, text);
  return { folder, pathOf, write, remove: () => rmSync(parent, { recursive: true }) };
}

/** The shape that Express's own generator gives an app: `bin/www` starts it, `app.js` makes it, routers in a folder. */
export const GENERATED_APP: Readonly<Record<string, string>> = readFolder(
  path.join(__dirname, '..', '..', 'scripts', 'newcomer', 'app'),
);

function readFolder(folder: string): Record<string, string> {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  const paths = files.map(({ parentPath, name }) => path.join(parentPath, name));
  return Object.fromEntries(
    paths.map((file) => [path.relative(folder, file).replaceAll('\\', '/'), readFileSync(file, 'utf8')]),
  );
}

/** One file that does it all. */
export const SINGLE_FILE_APP: Readonly<Record<string, string>> = {
  'package.json': JSON.stringify({ name: 'single', main: 'server.js', dependencies: { express: '^4.21.0' } }),
  'server.js': `const express = require('express');

const app = express();
app.get('/items/:id', (req, res) => res.json({ id: req.params.id }));

app.listen(process.env.PORT || 3000, () => {
  console.log('listening');
});
`,
};

/** The same as an ES module. */
export const MODULE_APP: Readonly<Record<string, string>> = {
  'package.json': JSON.stringify({ name: 'modern', type: 'module', scripts: { start: 'node src/main.js' } }),
  'src/main.js': `import app from './app.js';
import { createServer } from 'node:http';

createServer(app).listen(process.env.PORT ?? 3000);
`,
  'src/app.js': `import express from "express"

const app = express()
app.get("/items", (req, res) => { res.json([]) })

export default app
`,
};
