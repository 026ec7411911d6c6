import fc from 'fast-check';
import { blankOut, closing, codeMatches, sourceText } from '../../src/scaffold/source-text';

it.each([
  ['a line comment', 'a // b\nc', 'a     \nc'],
  ['a block comment', 'a /* b\nc */ d', 'a     \n     d'],
  ['a comment that never ends', 'a /* b', 'a     '],
  ['strings', `f('a//b', "c\\"d")`, `f('    ', "    ")`],
  ['a template over lines', 'f(`a\n${b}`)', 'f(` \n    `)'],
  ['a string that never ends ends with its line', `'a\nb`, `' \nb`],
  ['a regular expression', 'x = /[/\'"]+/g;', 'x = /      /g;'],
  ['a division', 'x = a / b / c;', 'x = a / b / c;'],
  ['a URL in a string', `x('https://a'); y()`, `x('         '); y()`],
])('%s', (_what, source, blanked) => {
  expect(blankOut(source)).toBe(blanked);
});

it('keeps length and lines, whatever the text', () => {
  const text = fc.array(fc.constantFrom('/', '*', '"', "'", '`', '\\', '\n', 'a', ' ', '(', '['), { maxLength: 60 });
  fc.assert(
    fc.property(text, (parts) => {
      const source = parts.join('');
      const blanked = blankOut(source);
      expect([blanked.length, blanked.split('\n').length]).toEqual([source.length, source.split('\n').length]);
    }),
    { numRuns: 2000, seed: 4 },
  );
});

it('finds code and not what comments and strings say', () => {
  const source = sourceText(`// app.listen(1)\nconst text = 'app.listen(2)';\napp.listen(3, () => f(')'));`);
  const found = codeMatches(source, /app\.listen\(/g);
  expect(found.map(({ index }) => source.text.slice(index, index + 12))).toEqual(['app.listen(3']);
  const open = source.code.indexOf('(', found[0]!.index);
  expect(source.text.slice(open, closing(source, open)! + 1)).toBe(`(3, () => f(')'))`);
  expect(closing(sourceText('f(('), 1)).toBeUndefined();
});
