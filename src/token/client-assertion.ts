import { createHash, createPrivateKey, randomUUID, X509Certificate } from 'node:crypto';
import { BatonError } from '../core/errors';
import { verifySignature } from '../jws/signature';
import { jwkSigner, signCompact, type Signer } from '../jws/sign';

/** A certificate whose public half an identity provider knows, and what signs with the private one. */
export interface ClientCertificate {
  /** `x5t#S256`: SHA-256 of the certificate in DER (RFC 7515, section 4.1.8). */
  readonly thumbprint: string;
  /** Last moment of its validity, in seconds since the epoch. */
  readonly validUntil: number;
  readonly certificate: X509Certificate;
  /** Signs `PS256`. */
  readonly signer: Signer;
}

/** Who says it, and to whom. */
export interface ClientAssertionTerms {
  readonly clientId: string;
  /** The token endpoint's URL. */
  readonly audience: string;
}

/** Entra advises five to ten minutes. */
const LIFETIME_SECONDS = 300;

const invalid = (message: string): BatonError => new BatonError('key_invalid', message);

function readCertificate(pem: string): X509Certificate {
  try {
    return new X509Certificate(pem);
  } catch {
    // No cause: whoever mixes the files up has given the private key here.
    throw invalid('The certificate is no X.509 certificate in PEM (-----BEGIN CERTIFICATE-----).');
  }
}

/** @throws BatonError `key_invalid`; its message never holds any part of the key */
function pemSigner(pem: string, keyId: string): Signer {
  let jwk: object;
  try {
    jwk = createPrivateKey(pem).export({ format: 'jwk' });
  } catch {
    throw invalid("The certificate's private key is no private key in PEM, or one with a passphrase.");
  }
  return jwkSigner({ ...jwk, kid: keyId }, 'PS256');
}

/**
 * A certificate with its private key: the key as PEM, or a signer for `PS256` where it lies elsewhere, such as AWS KMS.
 *
 * @throws BatonError `key_invalid`
 */
export function clientCertificate(certificatePem: string, key: string | Signer): ClientCertificate {
  const certificate = readCertificate(certificatePem);
  if (certificate.publicKey.asymmetricKeyType !== 'rsa') {
    throw invalid('The certificate has no RSA key, and PS256 needs one.');
  }
  const thumbprint = createHash('sha256').update(certificate.raw).digest('base64url');
  const signer = typeof key === 'string' ? pemSigner(key, thumbprint) : key;
  if (signer.algorithm !== 'PS256') throw invalid(`A certificate signs PS256, and its signer ${signer.algorithm}.`);
  if (typeof key === 'string' && !certificate.checkPrivateKey(createPrivateKey(key))) {
    throw invalid("The private key is not the certificate's.");
  }
  return { thumbprint, validUntil: Math.floor(Date.parse(certificate.validTo) / 1000), certificate, signer };
}

/** A key in KMS cannot be compared at the start: what it signs is held against the certificate. */
async function checkOwnSignature(assertion: string, { certificate }: ClientCertificate): Promise<void> {
  const end = assertion.lastIndexOf('.');
  const signature = Buffer.from(assertion.slice(end + 1), 'base64url');
  const key = { kid: '', algorithm: 'PS256', key: certificate.publicKey } as const;
  if (await verifySignature(Buffer.from(assertion.slice(0, end)), signature, key)) return;
  throw invalid("The signer's key is not the certificate's: another key in KMS, or another certificate.");
}

/**
 * A client assertion (RFC 7523, section 3) as Microsoft Entra ID takes them: `PS256`, and the certificate by its
 * `x5t#S256`.
 *
 * Source: Microsoft identity platform, "Application authentication certificate credentials".
 *
 * @param now seconds since the epoch
 * @throws BatonError `key_invalid` where the certificate has expired or is another key's, `signer_unavailable`
 */
export async function mintClientAssertion(
  certificate: ClientCertificate,
  { clientId, audience }: ClientAssertionTerms,
  now: number,
): Promise<string> {
  if (now > certificate.validUntil) {
    const until = new Date(certificate.validUntil * 1000).toISOString();
    throw invalid(
      `The certificate was valid until ${until}. Register a new one with the application, then use it here.`,
    );
  }
  const signer = (await certificate.signer.current?.()) ?? certificate.signer;
  const header = { alg: signer.algorithm, typ: 'JWT', 'x5t#S256': certificate.thumbprint };
  const times = { nbf: now, iat: now, exp: now + LIFETIME_SECONDS };
  const claims = { aud: audience, iss: clientId, sub: clientId, jti: randomUUID(), ...times };
  const assertion = await signCompact(header, claims, signer);
  await checkOwnSignature(assertion, certificate);
  return assertion;
}
