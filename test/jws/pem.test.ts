import { jwkOfDer, jwkOfPem } from '../../src/jws/pem';
import { makeKey } from '../support/tokens';

const key = makeKey();
const { kid: _kid, alg: _alg, use: _use, ...members } = key.publicJwk as Record<string, unknown>;
const spki = key.publicKey.export({ format: 'pem', type: 'spki' }).toString();
const der = key.publicKey.export({ format: 'der', type: 'spki' });
const [begin, body, end] = [spki.split('\n')[0]!, spki.split('\n').slice(1, -2).join('\n'), spki.split('\n').at(-2)!];

it.each([
  ['as node writes it', spki],
  ['without a line end', spki.trimEnd()],
  ['with CRLF', spki.replaceAll('\n', '\r\n')],
  ['with blanks around it', ` \n\n${spki}\n `],
  ['with an empty line', `${begin}\n\n${body}\n${end}`],
  ['in one line', `${begin}\n${body.replaceAll('\n', '')}\n${end}`],
])('a public key is read %s', (_, pem) => {
  expect(jwkOfPem(pem, 'k')).toEqual({ ...members, kid: 'k' });
});

it.each([
  ['nothing', ''],
  ['a private key', key.privateKey.export({ format: 'pem', type: 'pkcs8' }).toString()],
  ['words in front', `key: ${spki}`],
  ['words behind', `${spki}and more`],
  ['another key behind', spki + spki],
  ['no line end behind its label', `${begin}${body}\n${end}`],
  ['letters that are not of base64', `${begin}\n${body.replace(/./, '!')}\n${end}`],
  ['a body that is no key', `${begin}\nAAAA\n${end}`],
  ['no body', `${begin}\n${end}`],
])('%s is none', (_, pem) => {
  expect(jwkOfPem(pem, 'k')).toBeUndefined();
});

it('DER is read as a public key, and as nothing else', () => {
  expect(jwkOfDer(der, 'k')).toEqual({ ...members, kid: 'k' });
  expect(jwkOfDer(Buffer.concat([Buffer.alloc(1), der]), 'k')).toBeUndefined();
  expect(jwkOfDer(new Uint8Array(), 'k')).toBeUndefined();
});
