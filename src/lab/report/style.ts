import { variables } from "./document.ts";

/** Style sheet of a report. Follows the reader's color scheme, and prints light. */
export const style = `
:root { color-scheme: light dark; ${variables("light")} }
@media (prefers-color-scheme: dark) { :root { ${variables("dark")} } }
@media print { :root { color-scheme: light; ${variables("light")} } }
* { box-sizing: border-box; }
body {
  margin: 0 auto; max-width: 1040px; padding: 2.5rem 1.25rem 4rem; background: var(--canvas); color: var(--ink);
  font: 16px/1.6 system-ui, -apple-system, "Segoe UI", "Noto Sans", sans-serif; font-variant-numeric: tabular-nums;
}
h1 { font-size: 1.9rem; line-height: 1.2; letter-spacing: -0.015em; margin: 0 0 1.25rem; text-wrap: balance; }
h2 { font-size: 1.25rem; margin: 3rem 0 0.75rem; padding-top: 0.75rem; border-top: 1px solid var(--line); }
h3 { font-size: 1rem; margin: 0 0 0.25rem; }
p, li { max-width: 46rem; }
ul { padding-left: 1.2rem; }
code { font: 0.9em ui-monospace, "SFMono-Regular", Menlo, monospace; }
.lead { border-left: 4px solid var(--accent); padding: 0.25rem 0 0.25rem 1.1rem; margin: 0 0 1.5rem; }
.lead p { margin: 0.5rem 0; font-size: 1.05rem; }
figure { margin: 2rem 0; break-inside: avoid; }
figure svg { display: block; max-width: 100%; height: auto; margin: 0.5rem 0; }
figcaption { color: var(--soft); font-size: 0.9rem; max-width: 46rem; }
.legend { display: flex; flex-wrap: wrap; gap: 0.25rem 1.25rem; margin: 0.25rem 0; padding: 0; list-style: none; font-size: 0.85rem; }
.legend li { display: flex; align-items: center; gap: 0.4rem; }
.scroll { overflow-x: auto; margin: 0.5rem 0 1.5rem; }
table { border-collapse: collapse; font-size: 0.88rem; }
caption, summary { text-align: left; font-weight: 600; padding: 0.5rem 0; }
summary { cursor: pointer; }
th, td { padding: 0.35rem 0.75rem 0.35rem 0; text-align: left; vertical-align: top; border-bottom: 1px solid var(--line); }
th { color: var(--soft); font-weight: 600; vertical-align: bottom; }
.number { text-align: right; white-space: nowrap; }
.good { color: var(--accent); } .bad { color: var(--bad); font-weight: 600; }
@page { margin: 14mm; }
@page wide { size: landscape; margin: 10mm; }
@media print {
  body { max-width: none; padding: 0; font-size: 10pt; }
  h2 { break-after: avoid; }
  .scroll { overflow: visible; }
  table { font-size: 7pt; }
  th, td { padding-right: 0.35rem; }
  tr { break-inside: avoid; }
  /* Paper cannot be unfolded, and the longest table does not fit upright. */
  details { page: wide; }
  details::details-content { content-visibility: visible; height: auto; }
  details table { font-size: 5.5pt; }
}
`;
