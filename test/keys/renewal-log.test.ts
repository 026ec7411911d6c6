import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import type { ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createAuthorizer } from '../../src/authorizer';
import { runInContext } from '../../src/context/storage';
import type { Logger } from '../../src/core/logger';
import { withBaton } from '../../src/function';
import { jwkSigner, type Signer } from '../../src/jws/sign';
import { keyRingText, newKeyRing } from '../../src/keys/key-ring';
import { publishedKeys } from '../../src/keys/published-keys';
import { RenewalLog } from '../../src/keys/renewal-log';
import { ringSigner } from '../../src/keys/ring-signer';
import { secretsManagerSigner } from '../../src/keys/secret-signer';
import { keySourceAt } from '../../src/keys/source';
import { createOffload } from '../../src/offload';
import { startAwsEndpoint } from '../support/aws-endpoint';
import { invoicesDocument, invoicesPolicy, relayKeys } from '../support/invoices';
import { startKeyServer } from '../support/key-server';
import { makeIdentity } from '../support/policies';
import { leakOf, recordingLogger, type RecordingLogger } from '../support/recording-logger';
import { forge, makeKey, type TestKey } from '../support/tokens';
import { waitFor } from '../support/wait';

const MINUTE = 60_000;
const key = makeKey('ES256', { kid: '7c9f1f52-0000-4000-8000-0000000000ec' });
const jwks = JSON.stringify({ keys: [key.publicJwk] });

let folder: string;
let file: string;
let now: number;
const clock = (): number => now;
beforeEach(() => {
  now = 1_800_000_000_000;
  folder = mkdtempSync(path.join(tmpdir(), 'baton-renewal-'));
  file = path.join(folder, 'keys.json');
});
afterEach(() => rmSync(folder, { recursive: true }));

const replace = (text: string): void => {
  writeFileSync(`${file}.new`, text);
  renameSync(`${file}.new`, file);
};

/** Something that is renewed: `use` makes it look, `broken` and `mended` change what it finds. */
interface Renewed {
  readonly use: () => unknown;
  readonly broken: () => void;
  readonly mended: () => void;
  readonly source: string;
  readonly close?: () => Promise<void>;
}

const inFile = (good: string, bad: string, use: () => unknown): Renewed => ({
  use,
  source: file,
  broken: () => replace(bad),
  mended: () => replace(`${good}\n`),
});

const cases: Record<string, (logger: Logger) => Promise<Renewed>> = {
  'a key set in a file': async (logger) => {
    replace(jwks);
    const source = keySourceAt({ file }, { algorithms: ['ES256'], clock, logger });
    return inFile(jwks, `{"d":"${String(key.privateJwk.d)}"`, () => source.version());
  },
  'a key set by URL': async (logger) => {
    const server = await startKeyServer([key.publicJwk]);
    const good = (response: ServerResponse): void => void response.end(jwks);
    server.answer = good;
    const source = keySourceAt({ jwksUri: `${server.jwksUri}?key=s3cret` }, { algorithms: ['ES256'], clock, logger });
    await source.find(key.kid, 'ES256');
    return {
      use: () => source.version(),
      source: server.jwksUri,
      broken: () => void (server.answer = (response) => response.end(`{"d":"${String(key.privateJwk.d)}"`)),
      mended: () => void (server.answer = good),
      close: server.close,
    };
  },
  'PEM by key ID': async (logger) => {
    const server = await startKeyServer([key.publicJwk]);
    const source = keySourceAt({ pemUrl: server.pemUrl }, { algorithms: ['ES256'], clock, logger });
    await source.find(key.kid, 'ES256');
    return {
      use: () => source.version(),
      source: server.pemUrl,
      broken: () => void (server.answer = (response) => response.writeHead(503).end()),
      mended: () => void (server.answer = undefined),
      close: server.close,
    };
  },
  'a key ring': async (logger) => {
    const ring = keyRingText(await newKeyRing(now));
    replace(ring);
    const signer = ringSigner(file, { clock });
    signer.reportTo?.(() => logger);
    return inFile(ring, ring.slice(0, -40), () => signer.current?.());
  },
  'a key ring with a damaged key': async (logger) => {
    const ring = keyRingText(await newKeyRing(now));
    replace(ring);
    const signer = ringSigner(file, { clock });
    signer.reportTo?.(() => logger);
    return inFile(ring, ring.replace(/"d": "....../, '"d": "AAAAAA'), () => signer.current?.());
  },
  'a key ring for another algorithm': async (logger) => {
    const ring = await newKeyRing(now);
    replace(keyRingText(ring));
    const signer = ringSigner(file, { clock });
    signer.reportTo?.(() => logger);
    const other = { keys: [{ ...ring.keys[0]!, key: makeKey('EdDSA').privateJwk }] };
    return inFile(keyRingText(ring), keyRingText(other), () => signer.current?.());
  },
  'a key set that is served': async (logger) => {
    replace(jwks);
    const published = publishedKeys(file, clock, () => logger);
    return inFile(jwks, '{', published);
  },
  'a secret that signs': async (logger) => {
    const aws = await startAwsEndpoint(() => ({ SecretString: JSON.stringify(key.privateJwk) }));
    const good = aws.answer;
    const signer = secretsManagerSigner({ secretId: 'app/key', clock, clientConfig: aws.clientConfig });
    signer.reportTo?.(() => logger);
    await signer.current?.();
    return {
      use: () => signer.current?.(),
      source: 'app/key',
      broken: () => void (aws.answer = () => ({ SecretString: `x${String(key.privateJwk.d)}` })),
      mended: () => void (aws.answer = good),
      close: () => aws.close(),
    };
  },
};

describe.each(Object.entries(cases))('%s', (_, make) => {
  it('is told of once when it cannot be read anew, and once when it can again; nothing of a key is quoted', async () => {
    const logger = recordingLogger();
    const { use, broken, mended, source, close } = await make(logger);
    const lines = (): unknown[] => logger.ofType('key_renewal');
    /** Looks `more` times after there are `count` lines. */
    const told = async (count: number): Promise<void> => {
      let more = 3;
      await waitFor(`${count} lines`, async () => {
        now += 61 * MINUTE;
        await use();
        return lines().length >= count && more-- === 0;
      });
    };
    try {
      broken();
      await told(1);
      expect(lines()).toMatchObject([{ level: 'warn', outcome: 'failing', source }]);
      mended();
      await told(2);
      expect(lines()).toMatchObject([{ outcome: 'failing' }, { level: 'info', outcome: 'recovered', source }]);
    } finally {
      await close?.();
    }
    expect(leakOf(String(key.privateJwk.d), logger.handed.join('\n'))).toBeUndefined();
  });
});

describe('the logger of a front door is the one that is told', () => {
  const typesTo = (logger: RecordingLogger): unknown[] => logger.lines.map(({ type }) => type);
  const signerOf = (key: TestKey): { signer: Signer; report: () => unknown } => {
    let loggerOf: (() => Logger) | undefined;
    const signer = { ...jwkSigner(key.privateJwk), reportTo: (given: () => Logger) => void (loggerOf = given) };
    return { signer, report: () => loggerOf?.().warn('x', { type: 'told' }) };
  };

  it('of an authorizer, for its signer', () => {
    const logger = recordingLogger();
    const { signer, report } = signerOf(relayKeys.edge);
    createAuthorizer({ policy: invoicesPolicy(), signer, logger });
    report();
    expect(typesTo(logger)).toEqual(['told']);
  });

  it('of the request that calls a function, for its signer', () => {
    const logger = recordingLogger();
    const { signer, report } = signerOf(relayKeys.handOver);
    createOffload({ policy: invoicesPolicy(), signer });
    runInContext({ context: { correlationId: 'c-1' }, logger, audit: { record: () => undefined } }, report);
    expect(typesTo(logger)).toEqual(['told']);
  });

  it('of a function, for its keys', async () => {
    replace(jwks);
    const logger = recordingLogger();
    const policy = invoicesPolicy({ handOver: { ...invoicesDocument.handOver, keys: { file } } });
    const handler = withBaton(() => 'done', { policy, name: 'render-invoice', logger, clock });
    const handOver = forge({ alg: 'ES256', typ: 'baton-handover+jwt', kid: 'other' }, {}, key);
    replace('{');
    await waitFor('the line', async () => {
      now += MINUTE;
      await handler({ baton: 1, handOver, correlationId: 'c-1' }).catch(() => undefined);
      return logger.ofType('key_renewal').length > 0;
    });
  });
});

it('is told in nobody’s name, whoever asked for the key', () => {
  const logger = recordingLogger();
  const log = new RenewalLog('here', () => logger);
  const context = { correlationId: 'c-1', user: makeIdentity() };
  runInContext({ context, logger, audit: { record: () => undefined } }, () => {
    logger.info('of the request');
    log.failed(new Error('x'));
    log.worked();
  });
  expect(logger.lines.map(({ correlationId, subject }) => [correlationId, subject])).toEqual([
    ['c-1', context.user.subject],
    [undefined, undefined],
    [undefined, undefined],
  ]);
});

it('a logger that throws ends nothing', () => {
  const warned = jest.spyOn(process, 'emitWarning').mockImplementation(() => undefined);
  const log = new RenewalLog('here', () => {
    throw new RangeError('the disk is full');
  });
  log.failed(new Error('x'));
  log.worked();
  expect(warned.mock.calls).toEqual([
    [expect.stringContaining('the keys of here could not be logged')],
    [expect.stringContaining('the keys of here could not be logged')],
  ]);
  warned.mockRestore();
});
