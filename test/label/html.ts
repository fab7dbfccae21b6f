import type { Browser } from "playwright-core";
import type { Block, Exam } from "./exam.ts";
import { seeded } from "./random.ts";

const escaped = (text: string) => text.replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/>/g, "&gt;");

/** Renders the exam as a web page; the seed determines its style. */
export function htmlOf(exam: Exam): string {
  const random = seeded(exam.seed + 7_919);
  const family = exam.serif ? "'Noto Serif CJK KR', serif" : "'Noto Sans CJK KR', sans-serif";
  const hanging = random.chance(0.5);
  const choiceIndent = random.pick([0.8, 1.2, 2]);
  const style = `
    body { font: ${exam.size}pt/${random.pick([1.35, 1.5, 1.7])} ${family}; margin: 0; text-align: ${random.pick(["left", "justify"])}; word-break: ${random.pick(["normal", "keep-all"])}; }
    .columns { column-count: ${exam.columns}; column-gap: ${random.pick([18, 24, 32])}pt; column-rule: ${random.chance(0.5) ? "0.5pt solid #888" : "none"}; }
    h1 { font-size: 1.6em; text-align: center; margin: 0 0 10pt; } h2 { font-size: ${random.pick([1.2, 1.35])}em; margin: 14pt 0 8pt; break-after: avoid; }
    p { margin: 0 0 8pt; orphans: 2; widows: 2; } .passage { ${random.chance(0.5) ? "border: 0.7pt solid #333; padding: 5pt;" : ""} }
    .q { position: relative; ${hanging ? "padding-left: 2.2em; text-indent: -2.2em;" : ""} ${random.chance(0.5) ? "break-inside: avoid;" : ""} }
    .q > * { text-indent: 0; } .mark { font-weight: bold; ${hanging ? "display: inline-block; min-width: 2.2em; text-indent: 0;" : ""} }
    .box { border: 0.7pt solid #333; padding: 4pt; margin: 4pt 0; } .choices { margin-left: ${choiceIndent}em; }
    .row { display: flex; flex-wrap: wrap; gap: 0 1.8em; } .grid { display: grid; grid-template-columns: 1fr 1fr; }
    table { border-collapse: collapse; } td { border: 0.5pt solid #555; padding: 1pt 5pt; text-align: center; }`;
  return `<!doctype html><meta charset="utf-8"><style>${style}</style><div>${blocks(exam)}</div>`;
}

function blocks(exam: Exam): string {
  const [first, ...rest] = exam.blocks;
  const above = first?.kind === "title" ? blockOf(first) : "";
  const flowing = above === "" ? exam.blocks : rest;
  return `${above}<div class="columns">${flowing.map(blockOf).join("\n")}</div>`;
}

function blockOf(block: Block): string {
  if (block.kind === "question") {
    const box =
      block.box.length > 0
        ? `<div class="box">${block.box.map((line) => `<div>${escaped(line)}</div>`).join("")}</div>`
        : "";
    const layout = block.layout === "lines" ? "" : ` ${block.layout}`;
    const choices =
      block.choices.length > 0
        ? `<div class="choices${layout}">${block.choices.map((choice) => `<div>${escaped(choice)}</div>`).join("")}</div>`
        : "";
    return `<div class="q" style="margin-bottom: ${block.space}pt"><span class="mark">${escaped(block.mark)}</span> <span>${escaped(block.text)}</span>${box}${choices}</div>`;
  }
  if (block.kind === "answer-table") {
    const row = (cells: readonly string[]) =>
      `<tr>${cells.map((cell) => `<td>${escaped(cell)}</td>`).join("")}</tr>`;
    return `<table>${row(block.numbers)}${row(block.answers)}</table><br>`;
  }
  const tag = {
    title: "h1",
    heading: "h2",
    answers: "h2",
    instruction: "p",
    group: "p",
    passage: "p",
    answer: "p",
  }[block.kind];
  return `<${tag} class="${block.kind}">${escaped(block.text)}</${tag}>`;
}

/** Prints the exam with Chromium. */
export async function printWithChromium(browser: Browser, exam: Exam): Promise<Buffer> {
  const page = await browser.newPage();
  try {
    await page.setContent(htmlOf(exam));
    const numbers = {
      number: '<span class="pageNumber"></span>',
      dashes: '- <span class="pageNumber"></span> -',
      of: '<span class="pageNumber"></span> / <span class="totalPages"></span>',
    };
    const line = (inner: string) =>
      `<div style="font-size: 8pt; width: 100%; text-align: center; font-family: 'Noto Sans CJK KR'">${inner}</div>`;
    return await page.pdf({
      format: "A4",
      margin: { top: "22mm", bottom: "22mm", left: "18mm", right: "18mm" },
      displayHeaderFooter: true,
      headerTemplate: line(exam.header ?? ""),
      footerTemplate: line(exam.footer ? numbers[exam.footer] : ""),
    });
  } finally {
    await page.close();
  }
}
