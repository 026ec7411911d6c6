import { readFileSync } from 'node:fs';

/**
 * The text of a file's bytes. Notepad and PowerShell begin files with a byte order mark, and what Windows PowerShell
 * writes with `>` or `Out-File` is UTF-16: read as UTF-8 it is noise. Without a mark it is UTF-8.
 *
 * @see https://learn.microsoft.com/powershell/module/microsoft.powershell.core/about/about_character_encoding
 */
export function textOf(bytes: Uint8Array): string {
  return new TextDecoder(encodingOf(bytes)).decode(bytes);
}

/**
 * Reads a text file as {@link textOf} does, without its mark.
 * @throws what node:fs throws
 */
export function readTextFile(path: string): string {
  return textOf(readFileSync(path));
}

/** The encoding that a text's first bytes tell. @see RFC 3629; The Unicode Standard, section 23.8 */
export function encodingOf([first, second]: Uint8Array): 'utf-8' | 'utf-16le' | 'utf-16be' {
  if (first === 0xff && second === 0xfe) return 'utf-16le';
  return first === 0xfe && second === 0xff ? 'utf-16be' : 'utf-8';
}
