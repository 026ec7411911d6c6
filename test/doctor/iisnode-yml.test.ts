import { parseIisnodeYml } from '../../src/doctor/iisnode-yml';

it.each([
  ['loggingEnabled: false', 'loggingEnabled', false],
  ['LOGGINGENABLED:NO', 'loggingEnabled', false],
  ['devErrorsEnabled: 1 # for now', 'devErrorsEnabled', true],
  ['maxLogFiles: 7', 'maxLogFiles', 7],
  ['maxConcurrentRequestsPerProcess: infinite', 'maxConcurrentRequestsPerProcess', Infinity],
  ['debugPortRange: 6000-6001', 'debuggerPortRange', '6000-6001'],
  ['nodeProcessCommandLine: "C:\\a b\\node.exe"', 'nodeProcessCommandLine', '"C:\\a b\\node.exe"'],
  ['maxLogFiles: -1', 'maxLogFiles', undefined],
  ['enableXFF: on', 'enableXFF', undefined],
])('%s', (line, name, value) => {
  const { settings, badLines } = parseIisnodeYml(`\uFEFF# first\r\n${line}\r\n`);
  expect(settings).toEqual([{ name, value, text: expect.any(String), line: 2 }]);
  expect(badLines).toEqual([]);
});

it.each(['', '# a: b', 'nobody: knows', 'maxLogFiles:', 'configOverrides: other.yml', 'debuggerPortRange: 1-2'])(
  'passes over %j',
  (line) => {
    expect(parseIisnodeYml(line)).toEqual({ settings: [], badLines: [] });
  },
);

it('knows the lines that stop iisnode', () => {
  expect(parseIisnodeYml('maxLogFiles: 1\nnot a setting\n\n- list').badLines).toEqual([2, 4]);
});
