import { rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { readTextFile, textOf } from '../../src/core/text-file';
import { temporaryFolder } from '../support/example';

const TEXT = '{ "name": "Äußerst ∆" }\r\n';
const bigEndian = (text: string): Buffer => Buffer.from(text, 'utf16le').swap16();

describe('the text of a file', () => {
  it.each([
    ['UTF-8 without a mark', Buffer.from(TEXT)],
    ['UTF-8 as Notepad saves it', Buffer.from(`\uFEFF${TEXT}`)],
    ['UTF-16 as Windows PowerShell writes it', Buffer.from(`\uFEFF${TEXT}`, 'utf16le')],
    ['UTF-16 the other way round', bigEndian(`\uFEFF${TEXT}`)],
  ])('comes out of %s', (_, bytes) => {
    expect(textOf(bytes)).toBe(TEXT);
  });

  it.each([0, 1])('of %i bytes is as long', (length) => {
    expect(textOf(Buffer.from('x'.repeat(length)))).toHaveLength(length);
  });

  it('keeps marks that do not stand at the start', () => {
    expect(textOf(Buffer.from('a\uFEFF'))).toBe('a\uFEFF');
  });

  it('is read from disk', () => {
    const folder = temporaryFolder();
    const file = path.join(folder, 'text.json');
    writeFileSync(file, Buffer.from(`\uFEFF${TEXT}`, 'utf16le'));
    expect(readTextFile(file)).toBe(TEXT);
    rmSync(folder, { recursive: true });
  });
});
