'use strict';

/** What follows this line in a page is written by hand, and is kept when the figures are written anew. */
const BY_HAND = '<!-- by hand from here on -->';

/** A table whose first column is text and whose others are figures. */
const table = (head, rows) =>
  [head, head.map((_, index) => (index === 0 ? '---' : '--:')), ...rows]
    .map((row) => `| ${row.join(' | ')} |`)
    .join('\n');

/** The part of an earlier page that somebody wrote; with its mark, so that it is found again. */
function handWritten(earlier) {
  const at = earlier.indexOf(BY_HAND);
  return at < 0 ? `${BY_HAND}\n` : earlier.slice(at);
}

module.exports = { handWritten, table };
