/** What a `/` can begin a regular expression after; anywhere else it divides. */
const BEFORE_REGEX = /(?:^|[(,=:[!&|?{};+\-*%~^<>]|\b(?:return|typeof|case|in|of|do|else|void|delete))\s*$/;

/** Where what begins at `start` ends: one past the last character. */
function endOf(source: string, start: number, close: string): number {
  for (let at = start; at < source.length; at++) {
    if (source[at] === '\\') at++;
    else if (source[at] === close) return at + 1;
    else if (source[at] === '\n' && close !== '`') return at;
  }
  return source.length;
}

/** A regular expression ends at the first `/` that is neither escaped nor in a class. */
function endOfRegex(source: string, start: number): number {
  let inClass = false;
  for (let at = start; at < source.length && source[at] !== '\n'; at++) {
    if (source[at] === '\\') at++;
    else if (source[at] === '[') inClass = true;
    else if (source[at] === ']') inClass = false;
    else if (source[at] === '/' && !inClass) return at + 1;
  }
  return start;
}

/**
 * JavaScript or TypeScript with comments and the insides of strings, templates and regular expressions blanked. Lengths and
 * lines stay, so a place in one is the place in the other: what is found here is code.
 *
 * Not a parser: it is for finding a few well-known shapes in an app's entry file, and what it cannot make out is left to
 * the person who reads the diff.
 */
export function blankOut(source: string): string {
  let blanked = '';
  const blank = (from: number, to: number): void => {
    blanked += source.slice(from, to).replace(/[^\n]/g, ' ');
  };
  let at = 0;
  while (at < source.length) {
    const char = source[at] ?? '';
    const pair = source.slice(at, at + 2);
    if (pair === '//' || pair === '/*') {
      const close = pair === '//' ? source.indexOf('\n', at) : source.indexOf('*/', at + 2) + 2;
      const end = close < at + 2 ? source.length : close;
      blank(at, end);
      at = end;
    } else if (char === '"' || char === "'" || char === '`' || (char === '/' && BEFORE_REGEX.test(blanked))) {
      const end = char === '/' ? endOfRegex(source, at + 1) : endOf(source, at + 1, char);
      blanked += char;
      const isClosed = end > at + 1 && source[end - 1] === char;
      blank(at + 1, isClosed ? end - 1 : end);
      if (isClosed) blanked += char;
      at = end;
    } else {
      blanked += char;
      at++;
    }
  }
  return blanked;
}

/** A source file with its blanked twin. */
export interface SourceText {
  readonly text: string;
  /** {@link blankOut} of it. */
  readonly code: string;
}

export const sourceText = (text: string): SourceText => ({ text, code: blankOut(text) });

/** The matches of a global pattern in the text that begin in code, not in a comment or a string. */
export function codeMatches({ text, code }: SourceText, pattern: RegExp): RegExpExecArray[] {
  return [...text.matchAll(pattern)].filter(({ index, 0: found }) => {
    const first = index + found.search(/\S/);
    return code[first] === text[first];
  });
}

/** Where the bracket that opens at `open` closes: the index of the closing one; undefined where it never does. */
export function closing({ code }: SourceText, open: number): number | undefined {
  let depth = 0;
  for (let at = open; at < code.length; at++) {
    if ('([{'.includes(code[at] ?? ' ')) depth++;
    else if (')]}'.includes(code[at] ?? ' ') && --depth === 0) return at;
  }
  return undefined;
}

/** Where the line that holds `at` begins. */
export const lineStart = ({ text }: SourceText, at: number): number => text.lastIndexOf('\n', at - 1) + 1;

/** Where the line after the one that holds `at` begins. */
export function nextLine({ text }: SourceText, at: number): number {
  const end = text.indexOf('\n', at);
  return end === -1 ? text.length : end + 1;
}
