import { parseStrictObject } from '../../jws/strict-json';
import { readProtected, splitCompact, type EncodedJws } from '../../jws/compact';
import { verifySignature } from '../../jws/signature';
import type { Application } from './applications';
import { EntraError } from './entra-error';
import { verifyFederated, type FederationKeys } from './federation';

const MAX_BYTES = 16_384;
const CLOCK_TOLERANCE_SECONDS = 300;

type Claims = Readonly<Record<string, unknown>>;

const refused = (aadsts: number, message: string): EntraError => new EntraError('invalid_client', aadsts, message);

interface Opened {
  readonly encoded: EncodedJws;
  readonly header: Claims;
  readonly claims: Claims;
}

/** Takes an assertion apart; form only. */
function openAssertion(assertion: string): Opened {
  try {
    const encoded = splitCompact(assertion, MAX_BYTES);
    readProtected(encoded);
    const decode = (part: string, name: string): Claims =>
      parseStrictObject(Buffer.from(part, 'base64url').toString('utf8'), name);
    return { encoded, header: decode(encoded.protected, 'header'), claims: decode(encoded.payload, 'payload') };
  } catch {
    throw refused(50027, 'The client assertion is no JWT.');
  }
}

/** @throws EntraError AADSTS700024 */
function checkTimes({ exp, nbf }: Claims, now: number): void {
  const ended = typeof exp !== 'number' || now >= exp + CLOCK_TOLERANCE_SECONDS;
  const early = typeof nbf === 'number' && now < nbf - CLOCK_TOLERANCE_SECONDS;
  if (ended || early) throw refused(700024, 'Client assertion is not within its valid time range.');
}

/** An assertion that the application signed with its certificate's key: `PS256`, and the certificate by its SHA-256. */
async function verifyCertified(
  { encoded, header, claims }: Opened,
  application: Application,
  tokenEndpoints: ReadonlySet<string>,
  now: number,
): Promise<void> {
  const thumbprint = header['x5t#S256'];
  const known = application.registered.find((certificate) => certificate.thumbprint === thumbprint);
  if (header.alg !== 'PS256' || known === undefined) {
    throw refused(
      700027,
      'The certificate with identifier used to sign the client assertion is not registered on application.',
    );
  }
  const key = { kid: '', algorithm: 'PS256', key: known.certificate.publicKey } as const;
  const data = Buffer.from(`${encoded.protected}.${encoded.payload}`);
  if (!(await verifySignature(data, Buffer.from(encoded.signature, 'base64url'), key))) {
    throw refused(50012, 'Client assertion contains an invalid signature.');
  }
  if (typeof claims.aud !== 'string' || !tokenEndpoints.has(claims.aud))
    throw refused(700023, 'Client assertion audience claim does not match Realm issuer.');
  if (claims.sub !== application.clientId)
    throw refused(700021, 'Client assertion application identifier does not match.');
  checkTimes(claims, now);
  if (now * 1000 > Date.parse(known.certificate.validTo)) {
    throw refused(7000222, 'The provided client certificate has expired.');
  }
}

/**
 * Verifies that a request is the application's own: by its certificate, where it is the assertion's issuer itself, else by a
 * federated credential.
 *
 * Sources: Microsoft identity platform, "Application authentication certificate credentials", "Workload identity
 * federation".
 *
 * @param now seconds since the epoch
 * @throws EntraError
 */
export async function verifyClientAssertion(
  assertion: string,
  application: Application,
  { tokenEndpoints, ownIssuer, keys }: { tokenEndpoints: ReadonlySet<string>; ownIssuer: string; keys: FederationKeys },
  now: number,
): Promise<void> {
  const opened = openAssertion(assertion);
  if (opened.claims.iss === application.clientId) {
    await verifyCertified(opened, application, tokenEndpoints, now);
    return;
  }
  if (opened.claims.iss === ownIssuer) {
    throw refused(700222, 'Microsoft Entra-issued tokens may not be used for federated identity flows.');
  }
  await verifyFederated(assertion, opened.claims, application, keys);
  checkTimes(opened.claims, now);
}
