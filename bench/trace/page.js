'use strict';
const os = require('node:os');
const { handWritten, table } = require('../markdown');

const GOALS = { timesNode: 2, timesPeers: 8, megabytesPerSecond: 150, residentMb: 700, timesTenfold: 11 };
const [PLAIN, LIMITED, NODE, READLINE] = [
  ...['baton trace', 'baton trace --memory 512MB'],
  ...['Node: blocks, JSON.parse, Map', 'Node: readline, JSON.parse, Map'],
];

/** The rounds of a candidate as one: the least time, because others on the machine can only add to it; the most memory. */
function summed(results) {
  const seconds = results.map((result) => result.seconds);
  return {
    name: results[0].name,
    seconds: Math.min(...seconds),
    most: Math.max(...seconds),
    cpuSeconds: Math.min(...results.map((result) => result.cpuSeconds ?? NaN)),
    peakMb: Math.max(...results.map((result) => result.peakMb ?? NaN)),
    megabytes: results[0].megabytes,
    wrong: results.flatMap(({ wrong }) => wrong),
  };
}

const of = (results, name) => summed(results.filter((result) => result.name === name));
const speed = ({ megabytes, seconds }) => megabytes / seconds;

function row({ name, seconds, most, cpuSeconds, peakMb, megabytes, wrong }) {
  return [
    name,
    `${seconds.toFixed(1)} (to ${most.toFixed(1)})`,
    (megabytes / seconds).toFixed(0),
    Number.isNaN(cpuSeconds) ? '?' : cpuSeconds.toFixed(1),
    Number.isNaN(peakMb) ? '?' : peakMb.toFixed(0),
    wrong.length === 0 ? 'all' : `${wrong.length} wrong`,
  ];
}

/** Both sides of each job that a peer can do. */
function peerPairs(peers) {
  const jobs = [...new Set(peers.map(({ job }) => job))];
  return jobs.map((job) => {
    const runs = peers.filter((run) => run.job === job);
    if (runs[0].theirs === undefined) return { job, peer: runs[0].peer, isGoal: false };
    return {
      ...{ job, peer: runs[0].peer, isGoal: runs[0].isGoal, rows: runs[0].rows },
      theirs: summed(runs.map((run) => run.theirs)),
      ours: summed(runs.map((run) => run.ours)),
    };
  });
}

const peerRow = ({ job, peer, rows, theirs, ours }) => {
  if (theirs === undefined) return [job, peer, 'not installed', '', '', '', ''];
  const cost = ({ seconds, peakMb }) => `${seconds.toFixed(1)} (${peakMb.toFixed(0)} MB)`;
  const times = (theirs.seconds / ours.seconds).toFixed(1);
  const wrong = ours.wrong.length === 0 ? '' : ` **${ours.wrong.length} wrong**`;
  return [job, peer, theirs.megabytes.toFixed(0), rows ?? '', cost(theirs), `${cost(ours)}${wrong}`, times];
};

function goalRows({ small, large, ofSmall, ofLarge }, pairs) {
  const [plain, limited, node, readline] = [PLAIN, LIMITED, NODE, READLINE].map((name) => of(ofLarge, name));
  const tenfold = plain.seconds / of(ofSmall, PLAIN).seconds;
  const goals = [
    [
      'times faster than the join in Node, as fast as that can be',
      node.seconds / plain.seconds,
      GOALS.timesNode,
      'least',
    ],
    ['times faster than the join in Node by readline', readline.seconds / plain.seconds, GOALS.timesNode, 'least'],
    ...pairs
      .filter(({ isGoal }) => isGoal)
      .map(({ job, peer, theirs, ours }) => [
        `times faster than ${peer}; ${job}`,
        ...[theirs.seconds / ours.seconds, GOALS.timesPeers, 'least'],
      ]),
    ['MB a second, memory unlimited', speed(plain), GOALS.megabytesPerSecond, 'least'],
    ['MB resident with `--memory 512MB`', limited.peakMb, GOALS.residentMb, 'most'],
    [`times the time of ${small.requests} requests for ${large.requests}`, tenfold, GOALS.timesTenfold, 'most'],
  ];
  return goals.map(([what, measured, goal, bound]) => {
    const met = bound === 'least' ? measured >= goal : measured <= goal;
    return { met, cells: [what, `at ${bound} ${goal}`, measured.toFixed(1), met ? 'met' : 'missed'] };
  });
}

const METHOD = `The logs are the generator's (\`generate.js\`): a gateway, four servers, apps on two of them, functions and workflows over three
days, with bypasses, losses, duplicates, broken lines and fields that change in the middle of a file. It knows what is true of them, and
each answer is held against that: totals, exact percentiles of each hop and route, and each file's rows and rejected lines. Time is
that of the whole command, Node's start included; rounds are interleaved, and the tables hold the least, because others on the machine
can only add to it. Memory is the process's high-water mark (\`VmHWM\`). \`baton trace\` does more in that time than what it is compared
with: findings, time series, slowest requests.`;

/** The page that a run leaves, and whether all goals are met. */
function page(measured, earlier) {
  const { large, small, ofSmall, ofLarge, peers, seconds, load, argv } = measured;
  const pairs = peerPairs(peers);
  const goals = goalRows(measured, pairs);
  const command = ['npm run bench:trace', ...(argv.length > 0 ? ['--', ...argv] : [])].join(' ');
  const all = [...ofSmall, ...ofLarge, ...peers.flatMap(({ theirs, ours }) => (theirs ? [theirs, ours] : []))];
  const busy = all.filter(({ isQuiet }) => !isQuiet).length;
  const rows = [PLAIN, LIMITED, NODE, READLINE].map((name) => row(of(ofLarge, name)));
  const smallRow = row({ ...of(ofSmall, PLAIN), name: `${PLAIN}, ${small.requests} requests` });
  const text = `# What \`baton trace\` costs

Written by \`${command}\` in ${seconds} s on ${os.availableParallelism()} cores (${os.arch()}), Node ${process.versions.node}: ${large.requests}
requests, ${large.megabytes.toFixed(0)} MB, seed ${large.truth.seed}. Load average before and after: ${load.map((value) => value.toFixed(1)).join(' and ')}.${busy > 0 ? ` **${busy} of ${all.length} runs began while the machine was busy with other work.**` : ' The machine was idle before each run.'}

${METHOD}

## Goals

${table(
  ['', 'goal', 'measured', ''],
  goals.map(({ cells }) => cells),
)}

## All logs

${table(['', 'seconds', 'MB/s', 'CPU seconds', 'peak MB', 'right'], [...rows, smallRow])}

## Peers, on the files that they can read

${pairs.length === 0 ? 'Left out.' : table(['job', 'peer', 'MB', 'rows it counted', 'seconds', 'seconds of `baton trace`', 'times'], pairs.map(peerRow))}

${handWritten(earlier)}`;
  const right = all.every(({ wrong = [] }) => wrong.length === 0);
  return { text, met: right && goals.every(({ met }) => met) };
}

module.exports = { page };
