'use strict';
// What Baton adds to the cold start of a Lambda function, and how large each subpath is: bundles as they are deployed, each
// started in a process of its own, by turns.
const { spawnSync } = require('node:child_process');
const { mkdtempSync, rmSync, writeFileSync } = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { parseArgs } = require('node:util');
const { build } = require('esbuild');
const { median, spreadOf } = require('./statistics');

const root = path.join(__dirname, '..');
/** Lambda's runtime has the AWS SDK; the rest are optional peers that only some callers load. */
const LEFT_OUT = Object.keys(require('../package.json').peerDependencies);

const KEY = JSON.stringify({
  kty: 'EC',
  crv: 'P-256',
  x: 'f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU',
  y: 'x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0',
  d: 'jpsQnnGQmL-YBIffH1136cspYG6-0iY7X1fCE9-E9LI',
  kid: 'bench',
  alg: 'ES256',
});
const PUBLIC = JSON.stringify({ keys: [{ ...JSON.parse(KEY), d: undefined }] });

const POLICY = `compilePolicy({
  application: 'invoices',
  edge: { profile: 'txn-token', issuer: 'https://gateway.example.com', audience: 'invoices', algorithms: ['ES256'], keys: { jwks: ${PUBLIC} } },
  handOver: { issuer: 'https://invoices.example.com', algorithms: ['ES256'], keys: { jwks: ${PUBLIC} } },
  identityProviders: { idp: { issuer: 'https://idp.example.com', audience: 'invoices', algorithms: ['ES256'], claims: { subject: '/sub' }, keys: { jwks: ${PUBLIC} } } },
  roles: { clerk: { permissions: ['invoice:read'] } },
  functions: { render: { target: 'arn:aws:lambda:eu-west-1:123456789012:function:render:live', permission: 'invoice:read' } },
})`;

/** Entries as somebody writes them; each ends in its handler. */
const SUBJECTS = {
  'an empty handler': 'exports.handler = async () => ({});',
  'verification with jose by hand': `const { createLocalJWKSet, jwtVerify } = require('jose');
    const keys = createLocalJWKSet(${PUBLIC});
    exports.handler = async ({ token }) => (await jwtVerify(token, keys)).payload;`,
  'iis-baton/function': `const { withBaton } = require('iis-baton/function');
    const { compilePolicy } = require('iis-baton/policy');
    exports.handler = withBaton(async () => ({}), { policy: ${POLICY}, name: 'render' });`,
  'iis-baton/authorizer': `const { createAuthorizer, jwkSigner } = require('iis-baton/authorizer');
    const { compilePolicy } = require('iis-baton/policy');
    exports.handler = createAuthorizer({ policy: ${POLICY}, signer: jwkSigner(${KEY}) });`,
};

async function bundle(contents) {
  const { outputFiles } = await build({
    stdin: { contents, resolveDir: root, loader: 'js' },
    bundle: true,
    minify: true,
    platform: 'node',
    target: 'node20',
    format: 'cjs',
    external: LEFT_OUT,
    write: false,
    logLevel: 'silent',
  });
  return outputFiles[0].contents;
}

/** From the beginning of the process to the handler, as the process itself sees it, in milliseconds. */
function start(file) {
  const script = `require(${JSON.stringify(file)}); process.stdout.write(String(performance.now()))`;
  const env = { ...process.env, NODE_OPTIONS: '', NODE_PATH: path.join(root, 'node_modules') };
  const { status, stdout, stderr } = spawnSync(process.execPath, ['-e', script], { encoding: 'utf8', env });
  if (status !== 0) throw new Error(`The bundle ended with ${status}:\n${stderr}`);
  return Number(stdout);
}

async function coldStarts(rounds, folder) {
  const subjects = [];
  for (const [name, entry] of Object.entries(SUBJECTS)) {
    const code = await bundle(entry);
    const file = path.join(folder, `${subjects.length}.js`);
    writeFileSync(file, code);
    subjects.push({ name, file, bytes: code.length, times: [] });
  }
  for (let round = 0; round <= rounds; round += 1) {
    for (const { file, times } of round % 2 === 0 ? subjects : subjects.toReversed()) {
      const ms = start(file);
      // The first round fills the disk's cache.
      if (round > 0) times.push(ms);
    }
  }
  const [empty] = subjects;
  for (const { name, bytes, times } of subjects) {
    const added = median(times.map((ms, round) => ms - empty.times[round]));
    const kilobytes = (bytes / 1000).toFixed(1).padStart(6);
    console.log(
      `${name.padEnd(33)} ${kilobytes} KB  ${median(times).toFixed(0)} ms, ${added.toFixed(1)} more than empty`,
    );
  }
  return subjects.map(({ name, bytes, times }) => {
    const ratios = times.map((ms, round) => ms / empty.times[round]);
    const baton = name.startsWith('iis-baton');
    return { name, baton, ratio: median(ratios), spread: spreadOf(ratios), micros: median(times) * 1000, bytes };
  });
}

/** What each subpath brings along, minified, without what only some callers load. */
async function sizes() {
  const { exports: subpaths } = require('../package.json');
  const measured = [];
  for (const subpath of Object.keys(subpaths).filter((name) => !name.endsWith('.json'))) {
    const name = path.posix.join('iis-baton', subpath);
    const { length } = await bundle(`module.exports = require('${name}');`);
    console.log(`${name.padEnd(33)} ${(length / 1000).toFixed(1).padStart(6)} KB`);
    measured.push({ name, bytes: length });
  }
  return measured;
}

async function main() {
  const { values } = parseArgs({
    options: { rounds: { type: 'string', default: '15' }, json: { type: 'string' } },
  });
  const folder = mkdtempSync(path.join(os.tmpdir(), 'baton-cold-'));
  try {
    console.log(`Node ${process.versions.node}: from the start of a process to its handler, ${values.rounds} rounds`);
    const rounds = Number(values.rounds);
    const rows = await coldStarts(rounds, folder);
    console.log('\nEach subpath, bundled and minified, without optional peers');
    const subpaths = await sizes();
    const result = { cases: [{ case: 'ms to the handler', rows }], rounds, subpaths };
    if (values.json !== undefined) writeFileSync(values.json, JSON.stringify(result));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

main().catch((error) => {
  console.error(error);
  process.exit(1);
});
