import { deployedText, isIntrinsic, referredTo, templateOf } from '../../src/doctor/cloudformation';
import { parseDataFile } from '../../src/doctor/data-file';
import { Located } from '../../src/doctor/located';

const data = parseDataFile(
  't.yaml',
  `Parameters:
  Seconds: { Type: Number, Default: 60 }
  Host: { Type: String }
  Alias: { Type: String, Default: !Ref Seconds }
Resources:
  Fn: { Type: AWS::Lambda::Function }
  Untyped: {}
Values:
  text: plain
  number: 300
  truth: true
  default: !Ref Seconds
  alias: !Ref Alias
  open: !Ref Host
  sub: !Sub https://\${Host}/x
  subList: !Sub ['\${H}', { H: !Ref Host }]
  join: !Join ['/', ['https:', '', !Ref Host, a]]
  if: !If [IsTest, a, b]
  arn: !Sub arn:aws:apigateway:\${AWS::Region}:lambda:path/functions/\${Fn.Arn}/invocations
  attribute: !GetAtt Fn.Arn
`,
);
const template = templateOf(data);
const values = Located.rootOf(data).at('Values');

it.each([
  ['text', 'plain'],
  ['number', '300'],
  ['truth', 'true'],
  ['default', '60'],
  ['alias', '60'],
  ['open', undefined],
  ['sub', 'https://${Host}/x'],
  ['subList', '${H}'],
  ['join', 'https://${?}/a'],
  ['if', undefined],
  ['missing', undefined],
])('%s comes to %s', (name, text) => {
  expect(deployedText(values.at(name), template)).toBe(text);
});

it.each([
  ['arn', ['Fn']],
  ['attribute', ['Fn']],
  ['open', ['Host']],
  ['subList', ['H', 'Host']],
  ['text', []],
])('%s is made of %j', (name, ids) => {
  expect(referredTo(values.at(name))).toEqual(ids);
});

it('tells a function from a value', () => {
  expect(['if', 'open', 'text', 'missing'].map((name) => isIntrinsic(values.at(name)))).toEqual([
    true,
    true,
    false,
    false,
  ]);
});

it('leaves out resources that say no type, and files that are no template', () => {
  expect([...(template?.resources.keys() ?? [])]).toEqual(['Fn']);
  expect(templateOf(parseDataFile('o.json', '{"openapi":"3.0.1","paths":{}}'))).toBeUndefined();
});

it('what is not there has no value, and the place of what is above it', () => {
  const missing = values.at('missing', 'deeper');
  expect([missing.isThere, missing.value, missing.members, missing.items]).toEqual([false, undefined, [], []]);
  expect(missing.place).toEqual(values.place);
});
