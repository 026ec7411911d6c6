import { accessLogFormatText } from '../../../src/correlation/access-log-format';
import { recognise } from '../../../src/trace/inputs/kind';

const FIELDS = '#Fields: date time cs-method cs-uri-stem sc-status';
const gateway = accessLogFormatText('http').replace(/\$context\.[\w.]+/g, '-');
const app = '{"timestamp":"2026-03-01T00:00:00.000Z","level":"info","message":"m","type":"request"}';

/** What is in it, its name, what it is. */
const FILES: readonly (readonly [string, string, string, string])[] = [
  ['a W3C log of IIS', `#Software: x\n${FIELDS}\n`, 'x.txt', 'iis w3c'],
  ['an HTTPERR log', '#Fields: date time c-ip sc-status s-siteid s-reason s-queuename\n', 'u_ex.log', 'httperr w3c'],
  ['rows whose header was lost', '2026-03-01 00:00:00 10.0.0.1 GET / 200\n', 'u_ex.log', 'iis w3c'],
  ['rows of http.sys whose header was lost', '2026-03-01 00:00:00 10.0.0.1 GET / 200\n', 'httperr1.log', 'httperr w3c'],
  ['an access log', gateway, 'app.log', 'gateway lines'],
  ['an access log without quotes', gateway.replace(/"-"/g, '-'), 'x', 'gateway lines'],
  ['an exported access log', `2026-03-01T00:00:00.000Z ${gateway}`, 'x', 'gateway lines'],
  ['an app log', `text first\n${app}\n`, 'audit.jsonl', 'app lines'],
  ['an audit trail', '{"seq":0,"timestamp":"t","prev":"A","type":"audit_chain","hash":"h"}', 'app.log', 'audit lines'],
  [
    'the log of a function, lines of the app in it',
    `${app}\n${app}\nSTART RequestId: 1 Version: 1`,
    'x',
    'function lines',
  ],
  ["Lambda's JSON", '{"time":"t","type":"platform.start","record":{}}', 'x', 'function lines'],
  [
    'events of Step Functions',
    '{"id":"1","type":"X","event_timestamp":"1","execution_arn":"a"}',
    'x',
    'workflow lines',
  ],
  ['a history', '{\n  "events": [ { "id": 1, "previousEventId": 0 } ] }', 'x', 'workflow document'],
  [
    'an envelope',
    `{"messageType":"DATA_MESSAGE","logEvents":[{"message":${JSON.stringify(gateway)}}]}`,
    'x',
    'gateway document',
  ],
  ['nothing', '', 'u_ex.log', 'empty file'],
  [
    'Common Log Format',
    '1.2.3.4 - - [01/Mar/2026:00:00:00 +0000] "GET / HTTP/1.1" 200 5 id',
    'x',
    'Common Log Format, which has no correlation ID: `baton logs gateway-format` prints the format that is read',
  ],
  [
    'XML',
    '<request id="x"> <ip>1</ip></request>',
    'x',
    'access log as XML: `baton logs gateway-format` prints the format that is read',
  ],
  [
    'CloudFront',
    '#Version: 1.0\n#Fields: date time x-edge-location sc-bytes',
    'x',
    'CloudFront log: only the logs of IIS are read in this format',
  ],
  ['FTP', '#Fields: date time c-ip cs-username', 'u_ex.log', 'W3C log of another service than HTTP'],
  ['metrics', '{"_aws":{"Timestamp":1},"requests":1}', 'x', 'metrics (Embedded Metric Format)'],
  ['a zip archive', 'PK\u0003\u0004\u0000', 'u_ex.log.zip', 'zip archive: unpack it first'],
  ['a picture', '\u0089PNG\r\n\u001a\n\u0000', 'x.log', 'binary file'],
  ['other JSON', '{"a":1}', 'app.jsonl', 'JSON lines with the keys of no known log'],
  [
    'an exported test file',
    'Permission Check Successful',
    'aws-logs-write-test',
    'the file by which CloudWatch tests that it may export',
  ],
  ['prose', 'Hello.', 'u_ex.log', 'format not known'],
];

it.each(FILES)('%s', (_, text, name, expected) => {
  const found = recognise({ text, isWhole: true, isGzip: false, charset: 'utf-8' }, name);
  expect(found.kind === 'unread' ? found.reason : `${found.kind} ${found.form}`).toBe(expected);
});
