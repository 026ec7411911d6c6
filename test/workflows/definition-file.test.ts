import { parseDefinition } from '../../src/workflows/definition/parse';
import { thrownBy } from '../support/errors';

const done = { StartAt: 'Done', States: { Done: { Type: 'Succeed' } } };
const yaml = 'StartAt: Done # there\nStates:\n  Done: { Type: Succeed }\n';

it.each([
  ['flow.asl.json', JSON.stringify(done), done],
  ['flow.asl.yaml', yaml, done],
  ['FLOW.YML', yaml, done],
  ['flow.yaml', JSON.stringify(done), done],
  ['words.yaml', 'a: on\nb: 2026-01-01\nc: 010', { a: 'on', b: '2026-01-01', c: 10 }],
  ['empty.yaml', '', null],
])('%s is read', (file, text, definition) => {
  expect(parseDefinition(file, text)).toEqual(definition);
});

it.each([
  ['flow.asl.json', yaml, /^flow\.asl\.json is not JSON: /],
  ['open.yaml', 'a: [', /^open\.yaml is not YAML: .* at line 1/],
  ['twice.yaml', 'a: 1\na: 2', /^twice\.yaml is not YAML: Map keys must be unique/],
  ['tag.yaml', 'a: !Sub b', /^tag\.yaml is not YAML: Unresolved tag: !Sub/],
  ['bomb.yaml', bomb(), /^bomb\.yaml is not YAML: Excessive alias count/],
])('%s is refused with what is wrong', async (file, text, message) => {
  expect(await thrownBy(() => parseDefinition(file, text))).toMatchObject({
    code: 'option_invalid',
    message: expect.stringMatching(message) as string,
  });
});

/** Each line ten of the line before. */
function bomb(): string {
  const lines = Array.from({ length: 9 }, (_, i) => `a${i + 1}: &a${i + 1} [${Array(10).fill(`*a${i}`).join()}]`);
  return ['a0: &a0 x', ...lines].join('\n');
}
