import { escapeHtml } from "../../domain/html.ts";
import { type Block, color, type Figure, type Report, type Table } from "./document.ts";
import { style } from "./style.ts";

/** A self-contained file, whose content security policy forbids loading anything. */
export function toHtml({ title, blocks }: Report): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="content-security-policy" content="default-src 'none'; style-src 'unsafe-inline'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeHtml(title)}</title>
<style>${style}</style>
</head>
<body>
<main>
<h1>${escapeHtml(title)}</h1>
${blocks.map(blockHtml).join("\n")}
</main>
</body>
</html>
`;
}

function blockHtml(block: Block): string {
  switch (block.kind) {
    case "heading":
      return `<h2>${inline(block.text)}</h2>`;
    case "paragraph":
      return `<p>${inline(block.text)}</p>`;
    case "lead":
      return `<div class="lead">${block.sentences.map((text) => `<p>${inline(text)}</p>`).join("")}</div>`;
    case "list":
      return `<ul>${block.items.map((item) => `<li>${inline(item)}</li>`).join("")}</ul>`;
    case "figure":
      return figureHtml(block);
    case "table":
      return tableHtml(block);
  }
}

function figureHtml({ title, caption, svg, legend }: Figure): string {
  const entries = legend.map((entry) => `<li>${sample(entry)}${escapeHtml(entry.text)}</li>`).join("");
  return `<figure>
<h3>${escapeHtml(title)}</h3>
<ul class="legend">${entries}</ul>
${labeled(svg, title)}
<figcaption>${inline(caption)}</figcaption>
</figure>`;
}

/** Marker of a legend entry. */
function sample({ color: name, mark }: Figure["legend"][number]): string {
  const stroke = `stroke="${color(name)}"`;
  const shapes = {
    line: `<path d="M0,6H20" ${stroke} stroke-width="2.5"/>`,
    dashed: `<path d="M0,6H20" ${stroke} stroke-width="2" stroke-dasharray="5 3"/>`,
    dot: `<circle cx="10" cy="6" r="4.5" fill="${color(name)}"/>`,
    ring: `<circle cx="10" cy="6" r="4.5" fill="none" ${stroke} stroke-width="1.8"/>`,
  };
  return `<svg width="20" height="12" aria-hidden="true">${shapes[mark]}</svg>`;
}

/** Screen readers announce a plot by its title. The caption is regular text. */
export function labeled(svg: string, title: string): string {
  return svg.replace("<svg ", `<svg role="img" aria-label="${escapeHtml(title)}" `);
}

function tableHtml({ caption, columns, rows, folded }: Table): string {
  const kind = (n: number) => (columns[n]?.number ? ' class="number"' : "");
  const heads = columns.map(({ head }, n) => `<th scope="col"${kind(n)}>${inline(head)}</th>`).join("");
  const body = rows.map(
    (row) => `<tr>${row.map((cell, n) => `<td${kind(n)}>${marked(cell)}</td>`).join("")}</tr>`,
  );
  const head = columns.some((column) => column.head !== "") ? `<thead><tr>${heads}</tr></thead>` : "";
  const table = (name: string) =>
    `<div class="scroll" tabindex="0"><table>${name}${head}<tbody>${body.join("")}</tbody></table></div>`;
  return folded
    ? `<details><summary>${inline(caption)}</summary>${table("")}</details>`
    : table(`<caption>${inline(caption)}</caption>`);
}

function marked(cell: string): string {
  const tone = cell.startsWith("✗") ? "bad" : cell.startsWith("✓") ? "good" : null;
  return tone === null ? inline(cell) : `<span class="${tone}">${inline(cell)}</span>`;
}

function inline(text: string): string {
  return escapeHtml(text).replace(/`([^`]*)`/g, "<code>$1</code>");
}
