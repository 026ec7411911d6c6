'use strict';
// Shows the built site, on this machine alone. It is searched in the page: nothing else is asked.
const { createReadStream, statSync } = require('node:fs');
const { createServer } = require('node:http');
const path = require('node:path');

const built = path.join(__dirname, '.vitepress', 'dist');
const TYPES = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript',
  '.css': 'text/css',
  '.json': 'application/json',
  '.svg': 'image/svg+xml',
  '.woff2': 'font/woff2',
};

/** The file of an address; undefined where there is none. */
function fileOf(url) {
  const { pathname } = new URL(url, 'http://localhost');
  const file = path.join(built, decodeURIComponent(pathname), pathname.endsWith('/') ? 'index.html' : '');
  return file.startsWith(built) && statSync(file, { throwIfNoEntry: false })?.isFile() ? file : undefined;
}

/** A server of the site that listens on loopback, on a free port unless one is given. */
function serve(port = 0) {
  const server = createServer((req, res) => {
    const file = fileOf(req.url);
    res.writeHead(file === undefined ? 404 : 200, { 'Content-Type': TYPES[path.extname(file ?? '.html')] });
    createReadStream(file ?? path.join(built, '404.html')).pipe(res);
  });
  return new Promise((resolve) => server.listen(port, '127.0.0.1', () => resolve(server)));
}

module.exports = { built, serve };
