'use strict';
/*
 * What goaccess and lnav can do with such logs. goaccess reads one list of fields, and knows neither percentiles nor IDs.
 * lnav reads IIS's logs as they are, has SQL, and no percentiles; the gateway's epochs have to be numbers for it, because with
 * texts, as API Gateway writes them, ten thousand lines took it more than a minute.
 */
const { createReadStream, createWriteStream, mkdirSync, writeFileSync } = require('node:fs');
const { spawnSync } = require('node:child_process');
const { join } = require('node:path');
const { Transform } = require('node:stream');
const { pipeline } = require('node:stream/promises');

const GOACCESS_FORMAT = '%d %t %^ %m %U %q %^ %^ %h %u %R %s %^ %^ %L %^ %^';

const LNAV_FORMAT = {
  $schema: 'https://lnav.org/schemas/format-v1.schema.json',
  gateway_log: {
    title: 'API Gateway access log',
    json: true,
    'timestamp-field': 'requestTimeEpoch',
    'timestamp-divisor': 1000,
    'line-format': [{ field: 'requestId' }, ' ', { field: 'routeKey' }],
    value: {
      requestId: { kind: 'string', identifier: true },
      requestTimeEpoch: { kind: 'integer' },
      routeKey: { kind: 'string' },
      responseLatency: { kind: 'string' },
    },
  },
};

const JOIN = [
  ';CREATE TABLE g AS SELECT requestId AS id, routeKey AS route, CAST(responseLatency AS INTEGER) AS ms FROM gateway_log',
  ";CREATE TABLE i AS SELECT json_extract(x_fields, '$.cs-correlation-id') AS id, time_taken AS ms FROM w3c_log",
  ';CREATE INDEX g_id ON g (id)',
  ';SELECT g.route, count(*), avg(g.ms), avg(i.ms) FROM i JOIN g ON g.id = i.id GROUP BY g.route',
  ':write-csv-to -',
];
const COUNT = [';SELECT cs_method, count(*), avg(time_taken) FROM w3c_log GROUP BY cs_method', ':write-csv-to -'];

/** The version of a program, or undefined where it is not there. */
function versionOf(command) {
  const { status, stdout } = spawnSync(command, ['--version'], { encoding: 'utf8' });
  return status === 0 ? /\d+(?:\.\d+)+/.exec(stdout)?.[0] : undefined;
}

const lnav = (folder, commands, files) => ({
  command: 'lnav',
  args: ['-n', '-I', folder, ...commands.flatMap((command) => ['-c', command]), ...files],
});

/** The counts in a CSV of lnav, added up. */
const countsOf = (csv) =>
  csv
    .trim()
    .split('\n')
    .slice(1)
    .reduce((sum, line) => sum + Number(line.split(',')[1]), 0);

/** A copy of a gateway's log whose epochs are numbers. */
async function withNumbers(file, copy) {
  let rest = '';
  const rewrite = new Transform({
    transform(chunk, _encoding, done) {
      const text = rest + chunk.toString('latin1');
      const end = text.lastIndexOf('\n') + 1;
      rest = text.slice(end);
      done(
        null,
        Buffer.from(text.slice(0, end).replace(/"requestTimeEpoch":"(\d+)"/g, '"requestTimeEpoch":$1'), 'latin1'),
      );
    },
  });
  await pipeline(createReadStream(file), rewrite, createWriteStream(copy));
  return copy;
}

/**
 * Jobs that peers can do, each with the files that they, and Baton, do it on. A count and a mean are told beside the others,
 * and are no goal: that is a much smaller job.
 */
async function peerJobs(logs, work) {
  mkdirSync(join(work, 'formats', 'bench'), { recursive: true });
  writeFileSync(join(work, 'formats', 'bench', 'gateway.json'), JSON.stringify(LNAV_FORMAT));
  // One list of fields in all of them: goaccess knows no other.
  const iis = ['web-1', 'web-4'].flatMap((server) =>
    ['260302', '260303', '260304'].map((day) => join(logs, server, 'W3SVC1', `u_ex${day}_x.log`)),
  );
  const day = ['web-1', 'web-2', 'web-3', 'web-4'].map((server) => join(logs, server, 'W3SVC1', 'u_ex260302_x.log'));
  const gateway = join(logs, 'gateway', 'http-2026-03-02.jsonl');
  const numbers = await withNumbers(gateway, join(work, 'gateway.jsonl'));
  return [
    {
      job: 'IIS logs: count, mean',
      peer: 'lnav',
      isGoal: false,
      files: iis,
      run: lnav(work, COUNT, iis),
      rows: countsOf,
    },
    {
      ...{ job: 'IIS logs: page of HTML', peer: 'goaccess', isGoal: true, files: iis },
      run: {
        command: 'goaccess',
        args: [
          ...iis,
          ...['--no-global-config', '--no-progress', '--date-format=%Y-%m-%d', '--time-format=%H:%M:%S'],
          ...[`--log-format=${GOACCESS_FORMAT}`, '-o', join(work, 'goaccess.html')],
        ],
      },
    },
    {
      ...{ job: "gateway's and IIS's logs of a day: join, mean by route", peer: 'lnav', isGoal: true },
      files: [gateway, ...day],
      run: lnav(work, JOIN, [numbers, ...day]),
      rows: countsOf,
    },
  ];
}

module.exports = { peerJobs, versionOf };
