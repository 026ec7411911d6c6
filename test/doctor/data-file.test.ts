import { parseDataFile } from '../../src/doctor/data-file';

const template = `# a comment
Resources:
  Api:
    Type: AWS::Serverless::Api
    Properties:
      Name: !Ref ApiName
      Role: !GetAtt Role.Arn.More
      Uri: !Sub
        - https://\${Host}/x
        - Host: !If [IsRest, !Ref RestHost, other]
      Tags: !FindInMap {a: !Ref b}
`;

it('reads the short forms of CloudFormation as their long ones, inside one another too', () => {
  expect(parseDataFile('t.yaml', template).value).toEqual({
    Resources: {
      Api: {
        Type: 'AWS::Serverless::Api',
        Properties: {
          Name: { Ref: 'ApiName' },
          Role: { 'Fn::GetAtt': ['Role', 'Arn.More'] },
          Uri: { 'Fn::Sub': ['https://${Host}/x', { Host: { 'Fn::If': ['IsRest', { Ref: 'RestHost' }, 'other'] } }] },
          Tags: { 'Fn::FindInMap': { a: { Ref: 'b' } } },
        },
      },
    },
  });
});

it.each([
  [['Resources', 'Api', 'Properties', 'Role'], 7, 7],
  [['Resources', 'Api', 'Properties', 'Uri', 'Fn::Sub', 0], 8, 7],
  [['Resources', 'Api', 'Missing', 'Deeper'], 3, 3],
  [[], 2, 1],
])('knows where %j stands', (path, line, column) => {
  expect(parseDataFile('t.yaml', template).place(path)).toEqual({ file: 't.yaml', line, column });
});

it('reads JSON, with a byte order mark and the line ends of Windows', () => {
  const data = parseDataFile(
    'p.json',
    '\uFEFF{\r\n  "routes": [\r\n    { "path": "/a" },\r\n    { "path": "/b" }\r\n  ]\r\n}',
  );
  expect(data.value).toEqual({ routes: [{ path: '/a' }, { path: '/b' }] });
  expect(data.place(['routes', 1, 'path'])).toEqual({ file: 'p.json', line: 4, column: 7 });
});

it('names the line of what is neither', () => {
  expect(() => parseDataFile('t.yaml', 'a: 1\nb: [1,\nc: }')).toThrow(/^t\.yaml, line [23]: /);
});
