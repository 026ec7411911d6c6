import path from 'node:path';
import { consumerPath, describeWithConsumers } from '../support/consumers';
import { createProject, pack, root, type Outcome, type Project, type Tarball } from './project';

const tsc = path.join(root, 'node_modules', 'typescript', 'bin', 'tsc');

const USE = `
import { authorize, baton, correlation, currentContext, currentUser, requirePermission } from 'iis-baton';
import { createAuthorizer } from 'iis-baton/authorizer';
import * as context from 'iis-baton/context';
import { BatonError, type ErrorCode } from 'iis-baton/errors';
import { withBaton } from 'iis-baton/function';
import { listen } from 'iis-baton/iis';
import * as logging from 'iis-baton/logging';
import { createOffload } from 'iis-baton/offload';
import * as policy from 'iis-baton/policy';
import { asUser, createTestGateway, testUser } from 'iis-baton/testing';
import express from 'express';

export const all = [createAuthorizer, withBaton, listen, createOffload, context, logging, policy];

export function start(): void {
  const app = express();
  app.use(baton());
  app.get('/me', requirePermission('me:read'), (req, res) => {
    const subject: string | undefined = req.user?.subject;
    res.json({ subject, correlationId: currentContext()?.correlationId });
  });
  listen(app);
}

export async function tested(): Promise<Record<string, string>> {
  const ada = testUser({ subject: 'entra:ada', roles: ['clerk'], actor: 'copilot' });
  const app = express();
  app.use(correlation(), asUser(ada), asUser((req) => (req.headers['x-test'] ? ada : undefined)), authorize());
  return createTestGateway({ policy: 'baton.policy.json' }).headers(ada, { lifetimeSeconds: 30 });
}

export function code(error: unknown): ErrorCode | undefined {
  return error instanceof BatonError ? error.code : undefined;
}

export function tamper(): void {
  const user = currentUser();
  // @ts-expect-error an identity is read only
  if (user) user.subject = 'somebody else';
  // @ts-expect-error options are checked by name
  baton({ polcy: 'baton.policy.json' });
  // @ts-expect-error codes are a closed list
  new BatonError('no_such_code', 'text');
}
`;

let tarball: Tarball;
let project: Project;
beforeAll(() => {
  tarball = pack();
  project = createProject(tarball);
  project.link('@types/node', '@types/express', '@types/passport', 'jose', 'winston');
  project.write('use.ts', USE);
  project.write('use.mts', USE);
  project.write(
    'inside.ts',
    "import { BatonError } from 'iis-baton/dist/core/errors';\nexport const inside = BatonError;\n",
  );
});
afterAll(() => {
  project.remove();
  tarball.remove();
});

function compile(files: string[], options: Record<string, unknown>, compiler = tsc): Outcome {
  const compilerOptions = {
    target: 'es2022',
    lib: ['es2023'],
    strict: true,
    exactOptionalPropertyTypes: true,
    noUncheckedIndexedAccess: true,
    skipLibCheck: false,
    esModuleInterop: true,
    // Both declare req.user; a project that moves from passport has them side by side.
    types: ['node', 'passport'],
    noEmit: true,
    ...options,
  };
  project.write('tsconfig.json', JSON.stringify({ compilerOptions, files }));
  return project.node(compiler, '-p', '.');
}

describe('the types', () => {
  it.each<[string, string[], Record<string, unknown>]>([
    ['Node 16 rules', ['use.ts', 'use.mts'], { module: 'node16' }],
    ['Node 20 rules', ['use.ts', 'use.mts'], { module: 'node20' }],
    ['a bundler', ['use.ts'], { module: 'esnext', moduleResolution: 'bundler' }],
    ['the old resolver', ['use.ts'], { module: 'commonjs', moduleResolution: 'node10', ignoreDeprecations: '6.0' }],
  ])('compile for a strict project under %s, our declarations included', (_rules, files, options) => {
    const { status, stdout } = compile(files, options);
    expect(stdout).toBe('');
    expect(status).toBe(0);
  });

  describeWithConsumers('with another compiler', () => {
    it.each<[string, Record<string, unknown>]>([
      ['5.9', { module: 'node16' }],
      ['5.9', { module: 'commonjs', moduleResolution: 'node10' }],
      ['7', { module: 'node16' }],
      ['7', { module: 'esnext', moduleResolution: 'bundler' }],
    ])('compile by TypeScript %s with %j', (version, options) => {
      const files = options.module === 'node16' ? ['use.ts', 'use.mts'] : ['use.ts'];
      const { status, stdout } = compile(files, options, consumerPath(`typescript-${version}`, 'bin', 'tsc'));
      expect(stdout).toBe('');
      expect(status).toBe(0);
    });
  });

  it('keep private paths private', () => {
    const { status, stdout } = compile(['inside.ts'], { module: 'node16' });
    expect(stdout).toContain("TS2307: Cannot find module 'iis-baton/dist/core/errors'");
    expect(status).not.toBe(0);
  });
});
