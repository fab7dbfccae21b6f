import { execFile } from "node:child_process";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import type { Block, Exam } from "./exam.ts";

/** Typesets the exam with pdfLaTeX; English only. */
export async function printWithLatex(folder: string, exam: Exam): Promise<Buffer> {
  await mkdir(folder, { recursive: true });
  const name = `latex-${exam.seed}`;
  await writeFile(join(folder, `${name}.tex`), documentOf(exam));
  const options = [
    "-interaction=batchmode",
    "-halt-on-error",
    `-output-directory=${folder}`,
    join(folder, `${name}.tex`),
  ];
  // Twice, because the number of pages is only known after the first run.
  for (let time = 0; time < 2; time++) await promisify(execFile)("pdflatex", options, { timeout: 120_000 });
  return readFile(join(folder, `${name}.pdf`));
}

const escapes: { [character: string]: string } = {
  "×": "$\\times$",
  "○": "$\\bigcirc$",
  "%": "\\%",
  "&": "\\&",
  _: "\\_",
  $: "\\$",
  "#": "\\#",
};
for (const [index, character] of [..."①②③④⑤"].entries()) escapes[character] = `\\circled{${index + 1}}`;
const escaped = (text: string) =>
  text
    .replace(/[×○%&_$#①-⑤]/g, (found) => escapes[found]!)
    .replace(/"([^"]*)"/g, "``$1''")
    .replace(/<|>/g, "");

function documentOf(exam: Exam): string {
  const feet = { number: "\\thepage", dashes: "-- \\thepage{} --", of: "\\thepage{} / \\pageref{lastpage}" };
  const isTitled = exam.blocks[0]?.kind === "title";
  const title = isTitled
    ? `{\\centering\\Large\\bfseries ${escaped((exam.blocks[0] as { text: string }).text)}\\par}\\bigskip`
    : "";
  const body = (isTitled ? exam.blocks.slice(1) : exam.blocks).map(blockOf).join("\n");
  return `\\documentclass[a4paper,${exam.size < 10.5 ? 10 : 11}pt]{article}
\\usepackage[margin=20mm]{geometry}
\\usepackage{multicol,fancyhdr,amssymb}
\\newcommand{\\circled}[1]{(#1)}
\\pagestyle{fancy}\\fancyhf{}\\renewcommand{\\headrulewidth}{0pt}
\\fancyhead[C]{\\footnotesize ${escaped(exam.header ?? "")}}
\\fancyfoot[C]{\\footnotesize ${exam.footer ? feet[exam.footer] : ""}}
\\setlength{\\parindent}{0pt}\\setlength{\\parskip}{2pt}
\\begin{document}\\thispagestyle{fancy}
${title}
${exam.columns === 2 ? `\\begin{multicols*}{2}{}\n${body}\n\\end{multicols*}` : body}
\\label{lastpage}
\\end{document}`;
}

function blockOf(block: Block): string {
  if (block.kind === "question") {
    const box = block.box.map((line) => `\\hspace*{1em}${escaped(line)}\\par`).join("\n");
    const perLine = { lines: 1, grid: 2, row: 5 }[block.layout];
    const rows: string[] = [];
    for (let at = 0; at < block.choices.length; at += perLine) {
      const cells = block.choices.slice(at, at + perLine).map(escaped);
      const width = ((1 / perLine) * 0.95).toFixed(3);
      rows.push(
        perLine === 1
          ? `\\hangindent=2.6em\\hangafter=1\\hspace*{1.2em}${cells[0]}\\par`
          : `\\hspace*{1.2em}${cells.map((cell) => `\\makebox[${width}\\dimexpr\\linewidth-1.2em\\relax][l]{${cell}}`).join("")}\\par`,
      );
    }
    return `${escaped(block.mark)} ${escaped(block.text)}\\par\n${box}\n${rows.join("\n")}\n\\vspace{${block.space}pt}\n`;
  }
  if (block.kind === "answer-table") {
    const row = (cells: readonly string[]) => cells.map(escaped).join(" & ");
    return `\\begin{tabular}{${"c".repeat(block.numbers.length)}}\n${row(block.numbers)}\\\\\n${row(block.answers)}\n\\end{tabular}\\par\\medskip\n`;
  }
  if (block.kind === "heading" || block.kind === "answers")
    return `\\medskip{\\large\\bfseries ${escaped(block.text)}\\par}\\smallskip`;
  return `${escaped(block.text)}\\par\\smallskip`;
}
