"""How pages look: by day and by night, on a wide screen and on a phone."""

from typing import Final

STYLE: Final = """
:root { color-scheme: light dark; --paper: #fff; --ink: #1b1f24; --soft: #59636e;
  --line: #d1d9e0; --card: #f6f8fa; --warn: #fff4e0; --edge: #b35900;
  --blue: #0072b2; --limit: #d55e00; }
@media (prefers-color-scheme: dark) {
  :root { --paper: #14171b; --ink: #e6e9ed; --soft: #a3adb8; --line: #353c45;
    --card: #1d2127; --warn: #33270f; --edge: #e69f00;
    --blue: #56b4e9; --limit: #ff8a3d; }
}
* { box-sizing: border-box; }
body { margin: 0; background: var(--paper); color: var(--ink);
  font: 16px/1.5 system-ui, sans-serif; overflow-wrap: anywhere; }
main { max-width: 75rem; margin: 0 auto; padding: 1rem; }
h1 { font-size: 1.7rem; line-height: 1.2; margin: .5rem 0 1rem; }
h2 { font-size: 1.25rem; margin: 2.5rem 0 .75rem;
  border-bottom: 1px solid var(--line); }
h3 { font-size: 1rem; margin: 1.5rem 0 .25rem; }
p { margin: .35rem 0; max-width: 46rem; }
.notice { background: var(--warn); border-left: 4px solid var(--edge);
  padding: .5rem 1rem; border-radius: 4px; }
.figures { display: grid; gap: 1rem; align-items: start;
  grid-template-columns: repeat(auto-fit, minmax(min(100%, 25rem), 1fr)); }
.figures > figure { margin: 0; padding: .5rem; background: var(--card); min-width: 0;
  border-radius: 6px; max-width: 36rem; }
figure svg { width: 100%; height: auto; display: block; }
svg text { font-family: inherit !important; }
figcaption { font-size: .85rem; color: var(--soft); }
.table { overflow-x: auto; margin: .5rem 0; }
table { border-collapse: collapse; font-size: .9rem; }
th, td { text-align: left; padding: .25rem .9rem .25rem 0; vertical-align: top;
  border-bottom: 1px solid var(--line); overflow-wrap: normal; }
td:not(:last-child), .number { white-space: nowrap; }
td:last-child:not(.number) { min-width: 9rem; }
thead th { color: var(--soft); font-weight: 600; vertical-align: bottom; }
tbody th { font-weight: 500; min-width: 4rem; }
.listing td { overflow-wrap: anywhere; }
.listing th { white-space: nowrap; }
.number { text-align: right; font-variant-numeric: tabular-nums; }
.faces { display: grid; gap: .5rem; margin: .5rem 0;
  grid-template-columns: repeat(auto-fill, minmax(4.5rem, 1fr)); max-width: 70rem; }
.faces figure { margin: 0; text-align: center; }
.faces img { width: 100%; max-width: 6rem; aspect-ratio: 1; border-radius: 4px;
  display: block; margin: 0 auto; }
.faces figcaption { font-size: .75rem; line-height: 1.2; margin-top: .15rem; }
.plot { background: var(--card); border-radius: 6px; min-width: 0; height: 23rem; }
.plot * { font-family: inherit !important; }
.wide { overflow-x: auto; background: var(--card); border-radius: 6px; }
.wide > .plot { height: 27rem; }
@media print { figure { break-inside: avoid; } }
"""
