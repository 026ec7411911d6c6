import { randomBytes, sign, type KeyObject } from 'node:crypto';

/** One element of DER (ITU-T X.690): tag, length, contents. */
function der(tag: number, ...contents: Buffer[]): Buffer {
  const body = Buffer.concat(contents);
  if (body.length < 0x80) return Buffer.concat([Buffer.from([tag, body.length]), body]);
  const length = Buffer.from(body.length.toString(16).padStart(body.length > 0xff ? 4 : 2, '0'), 'hex');
  return Buffer.concat([Buffer.from([tag, 0x80 | length.length]), length, body]);
}

const SEQUENCE = 0x30;
const hex = (text: string): Buffer => Buffer.from(text, 'hex');
/** sha256WithRSAEncryption, 1.2.840.113549.1.1.11, without parameters. */
const RSA_SHA256 = der(SEQUENCE, hex('06092a864886f70d01010b'), hex('0500'));

/** A name with nothing but a common name, 2.5.4.3. */
const nameOf = (text: string): Buffer =>
  der(SEQUENCE, der(0x31, der(SEQUENCE, hex('0603550403'), der(0x0c, Buffer.from(text)))));

const timeOf = (seconds: number): Buffer => {
  const digits = new Date(seconds * 1000).toISOString().replace(/\D/g, '').slice(0, 14);
  return der(0x18, Buffer.from(`${digits}Z`));
};

interface Pair {
  readonly privateKey: KeyObject;
  readonly publicKey: KeyObject;
}

/** A self-signed certificate in PEM, valid between the two times, in seconds since the epoch; `signedBy` needs RSA. */
export function makeCertificate(
  pair: Pair,
  from: number,
  until: number,
  signedBy: KeyObject = pair.privateKey,
): string {
  const toBeSigned = der(
    SEQUENCE,
    der(0xa0, hex('020102')),
    der(0x02, Buffer.concat([Buffer.from([1]), randomBytes(15)])),
    RSA_SHA256,
    nameOf('baton test'),
    der(SEQUENCE, timeOf(from), timeOf(until)),
    nameOf('baton test'),
    pair.publicKey.export({ type: 'spki', format: 'der' }),
  );
  const signature = Buffer.concat([Buffer.from([0]), sign('sha256', toBeSigned, signedBy)]);
  const lines =
    der(SEQUENCE, toBeSigned, RSA_SHA256, der(0x03, signature))
      .toString('base64')
      .match(/.{1,64}/g) ?? [];
  return ['-----BEGIN CERTIFICATE-----', ...lines, '-----END CERTIFICATE-----', ''].join('\n');
}

/** A private key in PEM. */
export const pemOf = (key: KeyObject): string => key.export({ type: 'pkcs8', format: 'pem' }) as string;
