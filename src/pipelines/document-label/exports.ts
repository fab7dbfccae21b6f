import Papa from "papaparse";
import type { Question } from "./question.ts";

/** One row per question. Its choices share a cell, one per line. */
export function toCsv(questions: readonly Question[]): string {
  const rows = questions.map(({ boxes: _, choices, ...rest }) => ({ ...rest, choices: choices.join("\n") }));
  // Spreadsheets run cells that begin with these characters as formulas, so they are escaped.
  return Papa.unparse(rows, { escapeFormulae: true, newline: "\r\n" });
}

export function toMarkdown(questions: readonly Question[]): string {
  let section: string | null = null;
  let text = "";
  for (const question of questions) {
    if (question.section && question.section !== section) text += `## ${question.section}\n\n`;
    section = question.section ?? section;
    text += `${markdownOf(question)}\n`;
  }
  return text;
}

function markdownOf({ number, type, group, body, choices, answer }: Question): string {
  const name = type.replaceAll("_", " ");
  const head = [number === null ? null : `${number}.`, `*${name}*`, group && `(${group})`];
  const lines = [`### ${head.filter(Boolean).join(" ")}`, "", body, ""];
  if (choices.length > 0) lines.push(...choices.map((choice, index) => `${index + 1}. ${choice}`), "");
  if (answer !== null) lines.push(`**Answer:** ${answer}`, "");
  return lines.join("\n");
}
