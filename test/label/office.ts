import { execFile } from "node:child_process";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import type { Block, Exam } from "./exam.ts";
import { seeded } from "./random.ts";

const escaped = (text: string) => text.replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/>/g, "&gt;");

/** Prints all exams with LibreOffice in one call, because it takes seconds to start. */
export async function printWithOffice(folder: string, exams: readonly Exam[]): Promise<Buffer[]> {
  await mkdir(folder, { recursive: true });
  const names = exams.map(({ seed }) => `office-${seed}`);
  for (const [index, exam] of exams.entries())
    await writeFile(join(folder, `${names[index]}.fodt`), documentOf(exam));
  const profile = `-env:UserInstallation=file://${join(folder, "profile")}`;
  const files = names.map((name) => join(folder, `${name}.fodt`));
  await promisify(execFile)(
    "soffice",
    [profile, "--headless", "--convert-to", "pdf", "--outdir", folder, ...files],
    {
      timeout: 600_000,
    },
  );
  return Promise.all(names.map((name) => readFile(join(folder, `${name}.pdf`))));
}

const namespaces = ["office", "style", "text", "fo", "table"]
  .map((name) => {
    const uri = name === "fo" ? "xsl-fo-compatible:1.0" : `${name}:1.0`;
    return `xmlns:${name}="urn:oasis:names:tc:opendocument:xmlns:${uri}"`;
  })
  .join(" ");

/** Renders the exam as flat OpenDocument text. */
function documentOf(exam: Exam): string {
  const random = seeded(exam.seed + 104_729);
  const font = exam.serif ? "Noto Serif CJK KR" : "Noto Sans CJK KR";
  const text = (size: number, more = "") =>
    `<style:text-properties fo:font-family="${font}" style:font-family-asian="${font}" fo:font-size="${size}pt" style:font-size-asian="${size}pt" ${more}/>`;
  const bold = 'fo:font-weight="bold" style:font-weight-asian="bold"';
  const hanging = random.chance(0.5) ? 'fo:margin-left="0.8cm" fo:text-indent="-0.8cm"' : "";
  const paragraph = (name: string, properties: string, own: string) =>
    `<style:style style:name="${name}" style:family="paragraph"><style:paragraph-properties ${properties}/>${own}</style:style>`;
  const tabs = (...stops: number[]) =>
    `<style:tab-stops>${stops.map((at) => `<style:tab-stop style:position="${at}cm"/>`).join("")}</style:tab-stops>`;
  const width = exam.columns === 2 ? 8 : 16.5;
  const inset = random.pick([0.3, 0.6, 0.9]);
  const choice = (name: string, stops: number[]) =>
    `<style:style style:name="${name}" style:family="paragraph"><style:paragraph-properties fo:margin-left="${inset}cm">${tabs(...stops)}</style:paragraph-properties>${text(exam.size)}</style:style>`;
  return `<?xml version="1.0" encoding="UTF-8"?>
<office:document ${namespaces} office:version="1.3" office:mimetype="application/vnd.oasis.opendocument.text">
<office:automatic-styles>
${paragraph("title", 'fo:text-align="center" fo:margin-bottom="0.4cm"', text(exam.size * 1.6, bold))}
${paragraph("heading", 'fo:margin-top="0.5cm" fo:margin-bottom="0.25cm" fo:keep-with-next="always"', text(exam.size * 1.25, bold))}
${paragraph("plain", 'fo:margin-bottom="0.3cm"', text(exam.size))}
${paragraph("stem", hanging, text(exam.size))}
${choice("choice", [])}
${choice(
  "row",
  [1, 2, 3, 4].map((at) => (at * width * 0.93) / 5),
)}
${choice("grid", [width / 2])}
${paragraph("small", 'fo:text-align="center"', text(8))}
<style:style style:name="columns" style:family="section"><style:section-properties text:dont-balance-text-columns="true"><style:columns fo:column-count="${exam.columns}" fo:column-gap="${random.pick([0.7, 0.9, 1.2])}cm"/></style:section-properties></style:style>
<style:page-layout style:name="page"><style:page-layout-properties fo:page-width="21cm" fo:page-height="29.7cm" fo:margin-top="1.2cm" fo:margin-bottom="1.2cm" fo:margin-left="1.8cm" fo:margin-right="1.8cm"/><style:header-style><style:header-footer-properties fo:min-height="0.8cm" fo:margin-bottom="0.4cm"/></style:header-style><style:footer-style><style:header-footer-properties fo:min-height="0.8cm" fo:margin-top="0.4cm"/></style:footer-style></style:page-layout>
</office:automatic-styles>
<office:master-styles><style:master-page style:name="Standard" style:page-layout-name="page">${edges(exam)}</style:master-page></office:master-styles>
<office:body><office:text>${bodyOf(exam)}</office:text></office:body></office:document>`;
}

function edges(exam: Exam): string {
  const number = "<text:page-number/>";
  const footers = { number, dashes: `- ${number} -`, of: `${number} / <text:page-count/>` };
  const header = exam.header
    ? `<style:header><text:p text:style-name="small">${escaped(exam.header)}</text:p></style:header>`
    : "";
  const footer = exam.footer
    ? `<style:footer><text:p text:style-name="small">${footers[exam.footer]}</text:p></style:footer>`
    : "";
  return header + footer;
}

function bodyOf(exam: Exam): string {
  const isTitled = exam.blocks[0]?.kind === "title";
  const title = isTitled ? p("title", (exam.blocks[0] as { text: string }).text) : "";
  const rest = (isTitled ? exam.blocks.slice(1) : exam.blocks).map(blockOf).join("");
  return `${title}<text:section text:style-name="columns" text:name="questions">${rest}</text:section>`;
}

const p = (style: string, text: string) =>
  `<text:p text:style-name="${style}">${escaped(text).replace(/\t/g, "<text:tab/>")}</text:p>`;

function blockOf(block: Block): string {
  if (block.kind === "question") {
    const lines = [p("stem", `${block.mark} ${block.text}`), ...block.box.map((line) => p("choice", line))];
    const perLine = { lines: 1, grid: 2, row: 5 }[block.layout];
    const style = { lines: "choice", grid: "grid", row: "row" }[block.layout];
    for (let at = 0; at < block.choices.length; at += perLine) {
      lines.push(p(style, block.choices.slice(at, at + perLine).join("\t")));
    }
    const empty = Math.max(1, Math.round(block.space / 12));
    return lines.join("") + p("stem", "").repeat(empty);
  }
  if (block.kind === "answer-table") {
    const row = (cells: readonly string[]) =>
      `<table:table-row>${cells.map((cell) => `<table:table-cell>${p("stem", cell)}</table:table-cell>`).join("")}</table:table-row>`;
    return `<table:table><table:table-column table:number-columns-repeated="${block.numbers.length}"/>${row(block.numbers)}${row(block.answers)}</table:table>${p("stem", "")}`;
  }
  return p(
    block.kind === "title" || block.kind === "heading" || block.kind === "answers" ? "heading" : "plain",
    block.text,
  );
}
