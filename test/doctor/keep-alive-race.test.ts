import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { keepAliveRace } from '../../src/doctor/rules/keep-alive-race';
import { readProject } from '../../src/doctor/project';

const CONFIG = (age: string): string =>
  `<configuration><system.webServer><handlers><add name="iisnode" path="server.js" modules="iisnode"/></handlers>` +
  `<iisnode ${age}/></system.webServer></configuration>`;

let folder: string;
beforeAll(() => (folder = mkdtempSync(path.join(os.tmpdir(), 'baton-doctor-'))));
afterAll(() => rmSync(folder, { recursive: true }));

function findings(script: string, age = ''): number {
  writeFileSync(path.join(folder, 'web.config'), CONFIG(age));
  writeFileSync(path.join(folder, 'server.js'), script);
  return keepAliveRace.check(readProject({ directory: folder, environment: {} })).length;
}

it.each<[string, number, string?]>([
  ['app.listen(process.env.PORT)', 1],
  ['app.listen(process.env.PORT)', 0, 'maxNamedPipePooledConnectionAge="4000"'],
  ["const { listen } = require('iis-baton/iis'); listen(app)", 0],
  ["const { HOST_MODES, listen: start } = require( 'iis-baton/iis' ); start(app)", 0],
  ["import { listen } from 'iis-baton/iis'; listen(app)", 0],
  ["require('iis-baton/iis').listen(app)", 0],
  ["const iis = require('iis-baton/iis');\niis.listen(app)", 0],
  ["import * as iis from 'iis-baton/iis';\niis.listen(app)", 0],
  ["const iis = require('iis-baton/iis');\nhttp.createServer(app).listen(1)", 1],
  ['const s = app.listen(1); s.keepAliveTimeout = 0', 0],
  ['const s = app.listen(1); s.keepAliveTimeout = 30000', 1],
  ['const s = app.listen(1); s.keepAliveTimeout = 2 * 60_000', 0],
  ['http.createServer({ keepAliveTimeout: 1000 }, app).listen(1)', 1],
  ['const s = app.listen(1); s.keepAliveTimeout = config.keepAlive', 0],
  ["module.exports = 'nobody listens here'", 0],
])('%s: %d', (...[script, count, age]) => {
  expect(findings(script, age)).toBe(count);
});
