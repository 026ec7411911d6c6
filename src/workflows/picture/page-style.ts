/** The page's only style sheet; its digest stands in the page's Content-Security-Policy. */
export const PAGE_STYLE = `
:root {
  color-scheme: light dark;
  --page: #f7f8fa; --sheet: #ffffff; --ink: #16202c; --soft: #55606e; --line: #c3cad3; --way: #8a94a1;
  --passed: #0d7a3e; --passed-sheet: #edf8f1; --running: #0b63b8; --running-sheet: #eaf3fc;
  --caught: #8a5a00; --caught-sheet: #fdf5e3; --failed: #b3201f; --failed-sheet: #fdeeed;
  --stopped: #7a3e9d; --stopped-sheet: #f6eefb; --group: #f1f4f8;
}
@media (prefers-color-scheme: dark) {
  :root {
    --page: #11161d; --sheet: #1a212b; --ink: #e8edf3; --soft: #a5b0bd; --line: #3c4756; --way: #758191;
    --passed: #5ed08f; --passed-sheet: #14291f; --running: #74b8ff; --running-sheet: #14263a;
    --caught: #f0b849; --caught-sheet: #2d2413; --failed: #ff8a84; --failed-sheet: #351b1c;
    --stopped: #cf9cf0; --stopped-sheet: #291c34; --group: #151b24;
  }
}
* { box-sizing: border-box; }
body {
  margin: 0; padding: 1.5rem clamp(0.6rem, 3vw, 2.5rem) 3rem; background: var(--page); color: var(--ink);
  font: 16px/1.5 system-ui, "Segoe UI", Roboto, sans-serif;
}
main, header, footer { max-width: 78rem; margin-inline: auto; }
h1 { font-size: clamp(1.3rem, 4vw, 1.8rem); line-height: 1.25; margin: 0 0 0.4rem; overflow-wrap: anywhere; }
h2 { font-size: 1.15rem; margin: 2rem 0 0.6rem; }
.facts { display: flex; flex-wrap: wrap; gap: 0.3rem 2rem; margin: 0; padding: 0; }
.facts div { min-width: 0; }
.facts dt { color: var(--soft); font-size: 0.85rem; }
.facts dd { margin: 0; overflow-wrap: anywhere; }
figure { margin: 1.2rem 0 0; padding: 1rem; background: var(--sheet); border: 1px solid var(--line); border-radius: 10px; }
svg { display: block; margin-inline: auto; max-width: 100%; height: auto; }
svg.narrow { display: none; }
@media (max-width: 60rem) {
  figure { padding: 0.4rem; }
  svg.wide { display: none; }
  svg.narrow { display: block; }
}
.legend { display: flex; flex-wrap: wrap; gap: 0.2rem 1.2rem; margin: 0.8rem 0 0; padding: 0; list-style: none; font-size: 0.85rem; color: var(--soft); }
text { font: 12.4px ui-monospace, "Cascadia Mono", Consolas, "DejaVu Sans Mono", Menlo, monospace; fill: var(--ink); white-space: pre; }
text.end { text-anchor: end; }
.branch text { font-size: 11px; }
text.name { font-weight: 700; font-size: 12.6px; }
text.detail, text.target, text.time, .branch text { fill: var(--soft); }
text.needs { fill: var(--running); }
text.retry, text.catch { fill: var(--caught); }
text.error { fill: var(--failed); }
rect { fill: var(--sheet); stroke: var(--line); stroke-width: 1.5; }
.group rect { fill: var(--group); }
.branch rect { fill: none; stroke: var(--line); stroke-width: 1; stroke-dasharray: 3 4; }
.plain rect { stroke: var(--way); }
.is-passed rect { stroke: var(--passed); } .state.is-passed rect { fill: var(--passed-sheet); } .is-passed .mark { fill: var(--passed); }
.is-running rect { stroke: var(--running); stroke-width: 2.5; } .state.is-running rect { fill: var(--running-sheet); } .is-running .mark { fill: var(--running); }
.is-caught rect { stroke: var(--caught); } .state.is-caught rect { fill: var(--caught-sheet); } .is-caught .mark { fill: var(--caught); }
.is-failed rect { stroke: var(--failed); stroke-width: 2.5; } .state.is-failed rect { fill: var(--failed-sheet); } .is-failed .mark { fill: var(--failed); }
.is-stopped rect { stroke: var(--stopped); } .state.is-stopped rect { fill: var(--stopped-sheet); } .is-stopped .mark { fill: var(--stopped); }
.is-not-reached text { fill: var(--soft); } .is-not-reached rect { stroke-dasharray: 5 4; }
.mark { font-weight: 700; }
.way { fill: none; stroke: var(--way); stroke-width: 1.5; }
.way.catch { stroke-dasharray: 5 4; }
.way.untaken { stroke: var(--line); }
.way.taken { stroke: var(--passed); stroke-width: 3; stroke-dasharray: none; }
.way.catch.taken { stroke: var(--caught); }
.tip.way { fill: var(--way); stroke: none; }
.tip.untaken { fill: var(--line); }
.tip.taken { fill: var(--passed); } .tip.catch.taken { fill: var(--caught); }
a.box:hover rect { stroke-width: 3; }
a:focus-visible { outline: 3px solid var(--running); outline-offset: 2px; }
a.box:focus-visible rect { stroke: var(--running); stroke-width: 4; }
.scroll { overflow-x: auto; border: 1px solid var(--line); border-radius: 10px; background: var(--sheet); }
.scroll:focus-visible { outline: 3px solid var(--running); outline-offset: 2px; }
table { border-collapse: collapse; width: 100%; font-size: 0.9rem; }
caption { text-align: start; padding: 0.6rem 0.8rem; color: var(--soft); }
th, td { text-align: start; vertical-align: top; padding: 0.4rem 0.6rem; border-top: 1px solid var(--line); }
thead th { white-space: nowrap; color: var(--soft); font-weight: 600; }
td, tbody th { overflow-wrap: break-word; min-width: 7rem; }
td.short { white-space: nowrap; min-width: 0; }
.where { display: block; color: var(--soft); font-weight: 400; font-size: 0.85em; }
tr:target { background: var(--running-sheet); outline: 2px solid var(--running); outline-offset: -2px; }
.badge { font-weight: 600; white-space: nowrap; }
.badge.is-passed { color: var(--passed); } .badge.is-running { color: var(--running); } .badge.is-caught { color: var(--caught); }
.badge.is-failed { color: var(--failed); } .badge.is-stopped { color: var(--stopped); } .badge.is-not-reached { color: var(--soft); }
ul.plain { margin: 0; padding: 0; list-style: none; }
footer { margin-top: 2rem; color: var(--soft); font-size: 0.85rem; }
@media print {
  :root {
    --page: #fff; --sheet: #fff; --ink: #000; --soft: #444; --line: #999; --way: #666; --group: #fff;
    --passed: #0d7a3e; --passed-sheet: #fff; --running: #0b63b8; --running-sheet: #fff; --caught: #8a5a00; --caught-sheet: #fff;
    --failed: #b3201f; --failed-sheet: #fff; --stopped: #7a3e9d; --stopped-sheet: #fff;
  }
  body { padding: 0; font-size: 11pt; }
  figure { border: 0; padding: 0; break-inside: avoid; }
  svg.wide { display: block; max-height: 21cm; }
  svg.narrow { display: none; }
  .scroll { overflow: visible; border: 0; }
  tr, figure { break-inside: avoid; }
  table { font-size: 8.5pt; }
}
`;
