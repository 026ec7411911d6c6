import { createPublicKey } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { BatonError } from '../../src/core/errors';
import { ALGORITHMS, isAlgorithm, type Algorithm } from '../../src/jws/algorithms';
import { readProtected, splitCompact } from '../../src/jws/compact';
import { importVerificationKey, type Jwk, type JwkSet, type KeyFinder } from '../../src/jws/keys';
import { verifySignature } from '../../src/jws/signature';
import { checkSignature } from '../../src/jws/verify';
import { fixedKeySource } from '../../src/keys/fixed';

/** One published example, and what its authors say of it. */
export interface Vector {
  /** Unique within its file. */
  readonly id: string;
  readonly valid: boolean;
  /** What Baton says of it. */
  accepted(): Promise<boolean>;
}

const ALL_ALGORITHMS = Object.keys(ALGORITHMS) as Algorithm[];
/** Far above the largest example: size is not what the vectors are about. */
const MAX_BYTES = 65_536;

export function readData<T>(file: string): T {
  return JSON.parse(readFileSync(path.join(__dirname, 'data', file), 'utf8')) as T;
}

/** True, or false where the error table's refusals say no; anything else that is thrown is a fault and goes through. */
async function refusalIsFalse(action: () => Promise<void>): Promise<boolean> {
  try {
    await action();
    return true;
  } catch (error) {
    if (error instanceof BatonError && ['token_invalid', 'key_invalid'].includes(error.code)) return false;
    throw error;
  }
}

/** Keys without an ID get one: the examples' authors thought it optional. */
const named = ({ keys }: JwkSet): JwkSet => ({ keys: keys.map((jwk) => ({ kid: 'vector', ...jwk })) });

/** A key set as a policy would hold it, for every algorithm that a policy can name. */
export const fixedKeys = (set: JwkSet): KeyFinder => fixedKeySource(named(set), ALL_ALGORITHMS);

/**
 * Whether a token is one that Baton's own steps let through: parts, header, key, signature. Left out is only what the
 * vectors are not about and never satisfy: `typ`, the claims (their payload is mostly no JSON), and a token without a
 * `kid`, where there is one key.
 */
export function acceptsToken(token: string, set: JwkSet, keysOf = fixedKeys): Promise<boolean> {
  return refusalIsFalse(async () => {
    const encoded = splitCompact(token, MAX_BYTES);
    const { alg, kid } = readProtected(encoded);
    if (!isAlgorithm(alg)) throw new BatonError('token_invalid', 'The algorithm is none that a policy can name.');
    const [only, ...more] = named(set).keys;
    const wanted = kid ?? (more.length === 0 ? only?.kid : undefined);
    const key = typeof wanted === 'string' ? await keysOf(set).find(wanted, alg) : undefined;
    if (key === undefined) throw new BatonError('token_invalid', 'There is no such key.');
    await checkSignature({ encoded }, alg, key);
  });
}

/** Whether a signature over bytes is one that Baton's verifier takes, with a key that Baton imported. */
export function acceptsBytes(data: string, signature: string, jwk: Jwk, algorithm: Algorithm): Promise<boolean> {
  return refusalIsFalse(async () => {
    const key = await importVerificationKey({ ...jwk, kid: 'vector' }, algorithm);
    if (!(await verifySignature(Buffer.from(data, 'hex'), Buffer.from(signature, 'hex'), key))) {
      throw new BatonError('token_invalid', 'The signature does not match.');
    }
  });
}

interface WycheproofFile {
  readonly numberOfTests: number;
  readonly testGroups: readonly {
    readonly public?: Jwk | JwkSet;
    readonly private?: Jwk | JwkSet;
    readonly publicKeyPem?: string;
    readonly tests: readonly WycheproofTest[];
  }[];
}

interface WycheproofTest {
  readonly tcId: number;
  readonly result: 'valid' | 'invalid';
  readonly jws?: unknown;
  readonly jwe?: unknown;
  readonly msg: string;
  readonly sig: string;
}

const setOf = (keys: Jwk | JwkSet): JwkSet => ('keys' in keys ? keys : { keys: [keys] });

function wycheproof(name: string, accept: (test: WycheproofTest, group: number) => Promise<boolean>): Vector[] {
  const { testGroups, numberOfTests } = readData<WycheproofFile>(`wycheproof/${name}.json`);
  const vectors = testGroups.flatMap(({ tests }, group) =>
    tests.map((test) => ({
      id: String(test.tcId),
      valid: test.result === 'valid',
      accepted: () => accept(test, group),
    })),
  );
  // A file that was cut short must not pass for one that was run.
  if (vectors.length !== numberOfTests) throw new Error(`${name} holds ${vectors.length} of ${numberOfTests} tests.`);
  return vectors;
}

/** The tests of a Wycheproof file whose subjects are tokens in compact or JSON form. */
export function tokenVectors(name: string, keysOf = fixedKeys): Vector[] {
  const { testGroups } = readData<WycheproofFile>(`wycheproof/${name}.json`);
  return wycheproof(name, ({ jws, jwe }, group) => {
    const token = jws ?? jwe;
    const keys = testGroups[group]!.public ?? testGroups[group]!.private;
    if (token === undefined || keys === undefined) throw new Error(`${name} has a test without a token or a key.`);
    return acceptsToken(typeof token === 'string' ? token : JSON.stringify(token), setOf(keys), keysOf);
  });
}

/** The tests of a Wycheproof file whose subjects are signatures over bytes. */
export function signatureVectors(name: string, algorithm: Algorithm): Vector[] {
  const { testGroups } = readData<WycheproofFile>(`wycheproof/${name}.json`);
  return wycheproof(name, ({ msg, sig }, group) => {
    const jwk = createPublicKey(testGroups[group]!.publicKeyPem!).export({ format: 'jwk' });
    return acceptsBytes(msg, sig, jwk, algorithm);
  });
}

interface Rfc7515File {
  readonly tests: readonly {
    readonly source: string;
    readonly result: string;
    readonly jwk?: Jwk;
    readonly jws: string;
  }[];
}

/** The examples of RFC 7515 and RFC 8037; one without a key is tried with a key of somebody's. */
export function rfc7515Vectors(): Vector[] {
  const { tests } = readData<Rfc7515File>('rfc7515/rfc7515_rfc8037_examples.json');
  const somebodys = tests.find(({ source }) => source === 'RFC 7515 A.3')!.jwk!;
  return tests.map(({ source, result, jwk, jws }) => ({
    id: source,
    valid: result === 'valid',
    accepted: () => acceptsToken(jws, { keys: [jwk ?? somebodys] }),
  }));
}

interface CookbookFile {
  readonly input: { readonly key: Jwk | readonly Jwk[] };
  readonly output: Readonly<Record<string, unknown>>;
}

/** The examples of RFC 7520 and RFC 7797 below a folder, each in every form that it is written down in; all are right. */
export function cookbookVectors(folder: string): Vector[] {
  const files = readdirSync(path.join(__dirname, 'data', folder)).filter((name) => name.endsWith('.json'));
  return files.flatMap((file) => {
    const { input, output } = readData<CookbookFile>(`${folder}/${file}`);
    const keys = Array.isArray(input.key) ? (input.key as Jwk[]) : [input.key as Jwk];
    return Object.entries(output).map(([form, token]) => ({
      id: `${file.replace('.json', '')} ${form}`,
      valid: true,
      accepted: () => acceptsToken(typeof token === 'string' ? token : JSON.stringify(token), { keys }),
    }));
  });
}
