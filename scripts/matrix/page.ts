/** Replaces the text between `<!-- NAME -->` and `<!-- end of NAME -->`. */
export function replaceSection(text: string, name: string, content: string): string {
  const [begin, end] = [`<!-- ${name} -->`, `<!-- end of ${name} -->`];
  const from = text.indexOf(begin);
  const to = text.indexOf(end);
  if (from < 0 || to < from) throw new Error(`The page has no section "${name}".`);
  return `${text.slice(0, from + begin.length)}\n${content}\n${text.slice(to)}`;
}

export function sectionOf(text: string, name: string): string {
  const begin = `<!-- ${name} -->`;
  return text.slice(text.indexOf(begin) + begin.length, text.indexOf(`<!-- end of ${name} -->`)).trim();
}

export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(" | ")} |`;
  return [line(head), line(head.map(() => "---")), ...rows.map(line)].join("\n");
}
