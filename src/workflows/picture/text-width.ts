/** What takes two cells of a terminal: East Asian wide and full-width characters, and pictures. */
const WIDE =
  /^[\u1100-\u115f\u2e80-\u303e\u3041-\u33ff\u3400-\u4dbf\u4e00-\u9fff\ua000-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe4f\uff00-\uff60\uffe0-\uffe6]|^[\u{1f300}-\u{1faff}]|^[\u{20000}-\u{3fffd}]/u;

const graphemes = new Intl.Segmenter('en', { granularity: 'grapheme' });

/** A text as the cells of a terminal take it: what is read as one character, and its width. */
export function cellsOf(text: string): { readonly text: string; readonly width: 1 | 2 }[] {
  return [...graphemes.segment(text)].map(({ segment }) => ({ text: segment, width: WIDE.test(segment) ? 2 : 1 }));
}

/** How many cells a text takes. */
export function textWidth(text: string): number {
  return cellsOf(text).reduce((sum, { width }) => sum + width, 0);
}

/** The text, cut to so many cells; where something is cut off, `…` says so. */
export function cut(text: string, width: number): string {
  if (textWidth(text) <= width) return text;
  if (width <= 0) return '';
  let kept = '';
  let left = width - 1;
  for (const cell of cellsOf(text)) {
    if (cell.width > left) break;
    kept += cell.text;
    left -= cell.width;
  }
  return `${kept}…`;
}

/** Two texts, one at each end of a line. Where there is too little room, neither gets less than half for the other's sake. */
export function fitted(left: string, right: string, room: number): readonly [left: string, right: string] {
  const rightRoom = Math.max(Math.floor(room / 2), room - textWidth(left) - 1);
  const shownRight = cut(right, Math.max(0, rightRoom));
  const taken = shownRight === '' ? 0 : textWidth(shownRight) + 1;
  return [cut(left, Math.max(0, room - taken)), shownRight];
}
