'use strict';

/** The mutants of Stryker's report, flat: https://github.com/stryker-mutator/mutation-testing-elements, its schema. */
exports.mutantsOf = (report) =>
  Object.entries(report.files).flatMap(([file, { source, mutants }]) => {
    const lines = source.split('\n');
    return mutants.map(({ mutatorName, replacement, location, status, static: isStatic = false }) => {
      const { start, end } = location;
      const place = `${start.line}:${start.column}-${end.line}:${end.column}`;
      const was =
        start.line === end.line
          ? lines[start.line - 1].slice(start.column - 1, end.column - 1)
          : lines[start.line - 1].trim();
      return {
        key: `${file} ${place} ${mutatorName} ${replacement}`,
        file,
        location,
        mutator: mutatorName,
        was,
        replacement,
        status,
        isStatic,
      };
    });
  });

/** As Stryker's `mutate` wants it: lines from 1, columns from 0. Its report counts both from 1. */
exports.rangeOf = ({ file, location: { start, end } }) =>
  `${file}:${start.line}:${start.column - 1}-${end.line}:${end.column - 1}`;

exports.isAlive = ({ status }) => status === 'Survived' || status === 'NoCoverage';
/** Code that runs while modules are loaded, where only tests that reach a mutant were run. */
exports.isLeftOut = ({ status }) => status === 'Ignored';

/** In place of what was known: a mutant that a test has noticed stays dead, and one that was left out has met tests now. */
exports.merged = (known, found) => {
  const byKey = new Map(known.map((mutant) => [mutant.key, mutant]));
  for (const mutant of found) {
    const before = byKey.get(mutant.key);
    const isOpen = before === undefined || exports.isAlive(before) || exports.isLeftOut(before);
    if (isOpen && !(before !== undefined && exports.isLeftOut(mutant))) byKey.set(mutant.key, mutant);
  }
  return [...byKey.values()];
};

const count = (mutants, ...statuses) => mutants.filter(({ status }) => statuses.includes(status)).length;

/** Killed and timed out, of all that could be run, in per cent: Stryker's mutation score. */
exports.scoreOf = (mutants) => {
  const caught = count(mutants, 'Killed', 'Timeout');
  return (100 * caught) / (caught + count(mutants, 'Survived', 'NoCoverage'));
};

exports.tableOf = (results) => {
  const row = (room, mutants) =>
    `| ${[
      room,
      mutants.length,
      count(mutants, 'Killed'),
      count(mutants, 'Timeout'),
      count(mutants, 'Survived'),
      count(mutants, 'NoCoverage'),
      count(mutants, 'Ignored'),
      count(mutants, 'CompileError', 'RuntimeError'),
      `${exports.scoreOf(mutants).toFixed(1)} %`,
    ].join(' | ')} |`;
  return [
    '| room | mutants | killed | timed out | survived | not reached | left out | could not run | score |',
    '| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |',
    ...Object.entries(results).map(([room, mutants]) => row(room, mutants)),
    row('all', Object.values(results).flat()),
  ].join('\n');
};

const cut = (text) => (text.length > 80 ? `${text.slice(0, 80)}…` : text).replace(/\s+/g, ' ');

/** Those that no test noticed, a line each: place, kind, the code and what stood in its place. */
exports.survivorsOf = (mutants) => {
  const lines = mutants
    .filter(exports.isAlive)
    .map(
      ({ file, location, mutator, was, replacement }) =>
        `${file}:${location.start.line}  ${mutator}  ${cut(was)}  =>  ${cut(replacement)}\n`,
    );
  return lines.join('');
};
