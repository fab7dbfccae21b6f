import { escapeHtml } from "../../domain/html.ts";
import { type Block, type Figure, type palette, type Report, type Table, variables } from "./document.ts";
import { labeled } from "./html.ts";

export interface MarkdownReport {
  text: string;
  /** SVGs by path relative to the text. They follow the reader's color scheme. */
  files: Map<string, string>;
}

/** @param folder of the figures, relative to the text: `images/study` */
export function toMarkdown({ title, blocks }: Report, folder: string): MarkdownReport {
  const files = new Map<string, string>();
  const parts = blocks.map((block) => {
    if (block.kind !== "figure") return blockText(block);
    const path = `${folder}/${block.name}.svg`;
    files.set(path, standalone(block));
    return [
      `**${block.title}**`,
      `![${block.title}](${path})`,
      `*${plain(block.caption)}*${keyText(block)}`,
    ].join("\n\n");
  });
  return { text: `${[`# ${title}`, ...parts].join("\n\n")}\n`, files };
}

function blockText(block: Exclude<Block, Figure>): string {
  switch (block.kind) {
    case "heading":
      return `## ${block.text}`;
    case "paragraph":
      return plain(block.text);
    case "lead":
      return block.sentences.map((sentence) => `> ${plain(sentence)}`).join("\n>\n");
    case "list":
      return block.items.map((item) => `- ${plain(item)}`).join("\n");
    case "table":
      return tableText(block);
  }
}

function tableText({ caption, columns, rows, folded }: Table): string {
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell) => plain(cell).replaceAll("|", "\\|")).join(" | ")} |`;
  const rule = `| ${columns.map(({ number }) => (number ? "---:" : "---")).join(" | ")} |`;
  const table = [line(columns.map(({ head }) => head)), rule, ...rows.map(line)].join("\n");
  if (!folded) return `${caption}:\n\n${table}`;
  return `<details><summary>${escapeHtml(caption.replaceAll("`", ""))}</summary>\n\n${table}\n\n</details>`;
}

/** Escapes Markdown in names and messages. */
function plain(text: string): string {
  return text
    .split(/(`[^`]*`)/)
    .map((part) => (part.startsWith("`") ? part : part.replace(/[\\*_<>[\]#]/g, "\\$&")))
    .join("");
}

function keyText({ legend }: Figure): string {
  return legend.length === 0
    ? ""
    : `\n\nLegend: ${legend.map(({ text, color }) => `${text} (${shade[color]})`).join(", ")}.`;
}

/** Color names for text legends. */
const shade: Record<keyof typeof palette, string> = {
  canvas: "white",
  ink: "black",
  soft: "gray",
  line: "light gray",
  one: "pale blue",
  two: "blue",
  four: "strong blue",
  accent: "green",
  bad: "red",
  warn: "amber",
};

/** A standalone file needs its own style sheet for colors. */
function standalone({ svg, title }: Figure): string {
  const sheet =
    `<style>svg{${variables("light")};background:var(--canvas)!important}` +
    `@media(prefers-color-scheme:dark){svg{${variables("dark")}}}</style>`;
  return `${labeled(svg, title).replace(/<svg [^>]*>/, (open) => open + sheet)}\n`;
}
