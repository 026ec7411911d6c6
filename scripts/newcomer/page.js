'use strict';

/** The blocks of the page that this path writes: each begins with its command. */
const BLOCK = /^```text newcomer\n([\s\S]*?)^```$/gm;

/** Hands out one fixed port for each that is met, in their order. */
function portNames() {
  const known = new Map();
  return (port) => known.get(port) ?? known.set(port, String(50001 + known.size)).get(port);
}

/** The values of headers and members that no two runs share. */
const ID = '2uDs81cN3eOO-oE=';

/**
 * What differs from run to run, made the same: ports, the folder of logs, IDs, times, how many packages npm added. All else
 * has to be on the page to the letter.
 */
function maskFor() {
  const nameOf = portNames();
  return (text) =>
    text
      .replace(/(?<=127\.0\.0\.1:)\d+/g, nameOf)
      .replace(/\S*baton-relay-\w{6}/g, '/tmp/baton-relay-Ab12Cd')
      .replace(/^((?:x-amzn-remapped-)?Date): .*$/gim, '$1: Fri, 20 Nov 2026 10:00:00 GMT')
      .replace(/^(x-correlation-id|x-amzn-requestid|x-amz-apigw-id|x-amzn-trace-id): .*$/gim, `$1: ${ID}`)
      .replace(/(?<="correlationId":")[^"]*/g, ID)
      .replace(/added \d+ packages?(?:, .*)? in \d+\w+/g, 'added … packages')
      .replace(/iis-baton-\d+\.\d+\.\d+[\w.-]*\.tgz/g, 'iis-baton.tgz')
      .split('\n')
      .map((line) => line.trimEnd())
      .join('\n')
      .replace(/^\n+|\n+$/g, '');
}

const blockText = ({ command, output }) => (output === '' ? `$ ${command}\n` : `$ ${command}\n${output}\n`);

/** The texts of the page's blocks, in their order. */
const blocksOf = (page) => [...page.matchAll(BLOCK)].map(([, text]) => text);

/** The page with the blocks of these steps. */
function withSteps(page, steps) {
  const count = blocksOf(page).length;
  if (count !== steps.length) throw new Error(`The page has ${count} blocks of the path, which has ${steps.length}.`);
  let at = 0;
  return page.replace(BLOCK, () => `\`\`\`text newcomer\n${blockText(steps[at++])}\`\`\``);
}

module.exports = { maskFor, blockText, blocksOf, withSteps };
