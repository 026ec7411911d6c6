import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { signerFromEnvironment } from '../../src/keys/environment-signer';
import { thrownBy } from '../support/errors';
import { makeKey } from '../support/tokens';

const { privateJwk, publicJwk } = makeKey();
const json = JSON.stringify(privateJwk);
let folder: string;
let file: string;

beforeAll(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'baton-key-'));
  file = path.join(folder, 'key.json');
  writeFileSync(file, `\uFEFF${json}\r\n`);
});
afterAll(() => rmSync(folder, { recursive: true }));

describe('signerFromEnvironment', () => {
  it('reads the key in place or from the file, with a byte order mark too', () => {
    const names = [{ KEY: json }, { KEY_FILE: file }, { KEY: json, KEY_FILE: '/none' }, { KEY: '', KEY_FILE: file }];
    for (const env of names) expect(signerFromEnvironment('KEY', env)).toMatchObject({ keyId: privateJwk.kid });
  });

  it.each([
    ['nothing', {}, /set KEY_FILE to the path of a key ring/],
    ['an empty variable', { KEY: '' }, /set KEY_FILE to the path of a key ring/],
    ['a file that is missing', { KEY_FILE: '/none/key.json' }, /KEY_FILE names cannot be read/],
    ['text', { KEY: `x${json}` }, /is not JSON/],
    ['half a key', { KEY: json.slice(0, -20) }, /is not JSON/],
    ['null', { KEY: 'null' }, /no usable algorithm/],
    ['a public key', { KEY: JSON.stringify(publicJwk) }, /not a private JSON Web Key/],
  ])('refuses %s and quotes nothing of a key', async (_, env, words) => {
    const error = await thrownBy(() => signerFromEnvironment('KEY', env));
    expect(error.code).toBe('key_invalid');
    expect(error.message).toMatch(words);
    expect(`${error.stack} ${String((error.cause as Error | undefined)?.message)}`).not.toContain(privateJwk.d);
  });
});
