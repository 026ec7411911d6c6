import { Script } from 'node:vm';
import ts from 'typescript';
import { readAppFile } from '../../src/scaffold/app-file';
import { mountBaton } from '../../src/scaffold/mount';
import { sourceText } from '../../src/scaffold/source-text';
import { GENERATED_APP, MODULE_APP, SINGLE_FILE_APP } from '../support/app-folder';

const mount = (source: string) => {
  const file = readAppFile(sourceText(source));
  return file && mountBaton(file);
};

/** The lines that are new, with the line before each run of them. */
function addedTo(source: string): string[] {
  const before = source.split('\n');
  let at = 0;
  return mount(source)!
    .text.split('\n')
    .filter((line) => {
      if (line === before[at]) at++;
      else return true;
      return false;
    });
}

const MOUNTED = 'app.use(baton()); // verifies and authorises; the policy is the file that BATON_POLICY names';
const PROBLEMS = 'app.use(problemHandler()); // refusals and errors of Baton, as problem JSON';

it('an app of the generator: before its routes and before its own error handler', () => {
  const { text, notes } = mount(GENERATED_APP['app.js']!)!;
  expect(() => new Script(text)).not.toThrow();
  expect(notes).toEqual([]);
  expect(addedTo(GENERATED_APP['app.js']!)).toEqual([
    "var { baton, problemHandler } = require('iis-baton');",
    MOUNTED,
    PROBLEMS,
  ]);
  const order = [
    'var app = express();',
    MOUNTED,
    'express.static',
    PROBLEMS,
    'function(err, req, res, next)',
    'module.exports',
  ];
  const places = order.map((piece) => text.indexOf(piece));
  expect(places).toEqual(places.toSorted((a, b) => a - b));
  expect(places).not.toContain(-1);
});

it('one file that listens: listen() takes its place, with its callback', () => {
  const { text, notes } = mount(SINGLE_FILE_APP['server.js']!)!;
  expect(text).toBe(`const express = require('express');
const { baton, problemHandler } = require('iis-baton');
const { listen } = require('iis-baton/iis');

const app = express();
${MOUNTED}
app.get('/items/:id', (req, res) => res.json({ id: req.params.id }));

${PROBLEMS}
listen(app, { onListening: () => {
  console.log('listening');
} });
`);
  expect(notes).toEqual([
    `listen() replaces "process.env.PORT || 3000": it takes iisnode's pipe, else PORT, else 3000.`,
  ]);
});

it('an ES module without semicolons and with double quotes gets the like', () => {
  expect(addedTo(MODULE_APP['src/app.js']!)).toEqual([
    'import { baton, problemHandler } from "iis-baton"',
    'app.use(baton()) // verifies and authorises; the policy is the file that BATON_POLICY names',
    'app.use(problemHandler()) // refusals and errors of Baton, as problem JSON',
  ]);
});

it.each([
  ['require() that is called at once', `const app = require('express')();\napp.listen(3000);\n`],
  ['a namespace import', `import * as express from 'express';\nconst app = express();\napp.listen(3000);\n`],
  ['types', `import express, { Express } from 'express';\nconst app: Express = express();\nexport default app;\n`],
  [
    'waiting to be main',
    `const express = require('express');\nconst app = express();\nif (require.main === module) {\n  app.listen(3000);\n}\nmodule.exports = app;\n`,
  ],
  [
    'listening once a database is there',
    `const express = require('express');\nconst app = express();\nconnect().then(() => {\n  app.listen(3000, onListening);\n});\n`,
  ],
  [
    'a server that is kept',
    `const express = require('express');\nconst app = express();\nconst server = app.listen(3000);\nserver.on('error', () => 1);\n`,
  ],
  ['no line end', `const express = require('express');\nconst app = express();`],
  ['line ends of Windows', `const express = require('express');\r\nconst app = express();\r\napp.listen(3000);\r\n`],
  ['a name in dollars', `const express = require('express');\nconst $app = express();\n$app.listen(80);\n`],
])('%s: the result is a program with Baton once, in front', (_what, source) => {
  const { text } = mount(source)!;
  const { diagnostics } = ts.transpileModule(text, { reportDiagnostics: true, fileName: 'app.ts' });
  expect(diagnostics?.map(({ messageText }) => messageText)).toEqual([]);
  expect(text.match(/use\(baton\(\)\)/g)).toHaveLength(1);
  expect(text.match(/use\(problemHandler\(\)\)/g)).toHaveLength(1);
  expect(text.indexOf('use(baton())')).toBeLessThan(text.indexOf('use(problemHandler())'));
  expect(text).not.toMatch(/[$\w]*app\s*\.listen/);
  if (source.includes('\r\n')) expect(text.replaceAll('\r\n', '')).not.toContain('\n');
});

it.each([
  ['uses Baton already', `const { baton } = require('iis-baton');\nconst app = require('express')();\n`],
  ['makes no app', `const http = require('http');\nhttp.createServer().listen(3000);\n`],
  ['only speaks of one', `// const app = require('express')();\nconst text = "const app = require('express')()";\n`],
])('a file that %s is left alone', (_what, source) => {
  expect(mount(source)).toBeUndefined();
});
