import { readFileSync } from 'node:fs';
import path from 'node:path';
import { createProject, pack, type Project, type Tarball } from './project';

/** What ES modules see; loaded by the CommonJS script below. */
const MODULE = `
import { baton, currentContext, currentUser } from 'iis-baton';
import * as context from 'iis-baton/context';

export { baton };
export const seen = () => ({ user: currentUser(), again: context.currentUser(), context: currentContext() });
`;

/** Two apps in one process, one guarded by the required Baton and one by the imported one; each asked by both. */
const SCRIPT = `
const { generateKeyPairSync, sign } = require('node:crypto');
const { once } = require('node:events');
const { writeFileSync } = require('node:fs');
const express = require('express');
const { baton, currentContext, currentUser } = require('iis-baton');
const context = require('iis-baton/context');

const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const jwk = { ...publicKey.export({ format: 'jwk' }), kid: 'k1', alg: 'ES256', use: 'sig' };
const policy = {
  application: 'consumer',
  edge: {
    profile: 'txn-token', issuer: 'https://gateway.example.com', audience: 'consumer.example.internal',
    algorithms: ['ES256'], keys: { jwks: { keys: [jwk] } },
  },
  roles: { reader: { permissions: ['thing:read'] } },
};
writeFileSync('baton.policy.json', JSON.stringify(policy));

function token(subject) {
  const now = Math.floor(Date.now() / 1000);
  const header = { alg: 'ES256', typ: 'txntoken+jwt', kid: 'k1' };
  const claims = {
    iss: policy.edge.issuer, aud: policy.edge.audience, iat: now, exp: now + 60, txn: 't-' + subject, sub: subject,
    scope: '', req_wl: 'apigw', tctx: { roles: ['reader'], kind: 'user' }, rctx: { idp: 'entra' },
  };
  const input = [header, claims].map((part) => Buffer.from(JSON.stringify(part)).toString('base64url')).join('.');
  const signature = sign('sha256', Buffer.from(input), { key: privateKey, dsaEncoding: 'ieee-p1363' });
  return input + '.' + signature.toString('base64url');
}

async function ask(guard, subject, seenByModule) {
  const answer = {};
  const app = express();
  app.use(guard({ policy: 'baton.policy.json' }));
  app.get('/', async (req, res) => {
    await new Promise(setImmediate);
    const views = [
      { user: currentUser(), again: context.currentUser(), context: currentContext() },
      seenByModule(),
    ];
    answer.sameUser = views.every((view) => view.user === req.user && view.again === req.user);
    answer.sameContext = views[0].context !== undefined && views[0].context === views[1].context;
    answer.subject = req.user.subject;
    res.end();
  });
  const server = app.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const headers = { 'Txn-Token': token(subject), connection: 'close' };
  const response = await fetch('http://127.0.0.1:' + server.address().port + '/', { headers });
  answer.status = response.status;
  server.close();
  return answer;
}

(async () => {
  const imported = await import('./module.mjs');
  const required = await ask(baton, 'entra:anna', imported.seen);
  const module = await ask(imported.baton, 'entra:bob', imported.seen);
  writeFileSync('report.json', JSON.stringify({ required, imported: module }));
})();
`;

describe('one process that requires and imports iis-baton', () => {
  let tarball: Tarball;
  let project: Project;
  beforeAll(() => {
    tarball = pack();
    project = createProject(tarball);
    project.link('express', 'jose', 'winston');
  });
  afterAll(() => {
    project.remove();
    tarball.remove();
  });

  it('has one context: both see the verified caller, whichever made the middleware', () => {
    project.write('module.mjs', MODULE);
    project.write('script.cjs', SCRIPT);
    const { status, stderr } = project.node('script.cjs');
    expect(status === 0 ? '' : stderr).toBe('');
    expect(JSON.parse(readFileSync(path.join(project.directory, 'report.json'), 'utf8'))).toEqual({
      required: { sameUser: true, sameContext: true, subject: 'entra:anna', status: 200 },
      imported: { sameUser: true, sameContext: true, subject: 'entra:bob', status: 200 },
    });
  });
});
