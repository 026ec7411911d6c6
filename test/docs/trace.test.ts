import { readTraceArguments } from '../../src/cli/trace/arguments';
import { codeIn, rowsOf, sectionsOf } from './markdown';

it('docs/trace.md lists the options of baton trace, and no other', () => {
  const said = jest.spyOn(console, 'log').mockImplementation();
  readTraceArguments(['--help']);
  const [help] = said.mock.calls[0] as [string];
  said.mockRestore();
  const names = [...help.matchAll(/^ {2}(--[\w-]+)(?:, (--[\w-]+))?/gm)].flatMap(([, ...found]) =>
    found.filter(Boolean),
  );
  const listed = rowsOf(sectionsOf('docs/trace.md').get('Options') ?? '').flatMap(([options]) => codeIn(options!));
  expect(listed.sort()).toEqual(names.sort());
  expect(names.length).toBeGreaterThan(10);
});
