import type { Furniture } from "../documents/furniture.ts";
import { around, bottom, median, type PageText, type TextLine, textOf } from "../documents/page-text.ts";

/** Pages are separated by form feeds. */
export async function* asText(pages: AsyncIterable<PageText>): AsyncGenerator<string> {
  let first = true;
  for await (const { lines } of pages) {
    yield first ? `${textOf(lines)}\n` : `\f${textOf(lines)}\n`;
    first = false;
  }
}

/** Without headers, footers and page numbers. */
export async function* asMarkdown(
  pages: AsyncIterable<PageText>,
  furniture: Furniture,
): AsyncGenerator<string> {
  for await (const page of pages) {
    const lines = page.lines.filter((line) => !furniture.has(line, page));
    yield `<!-- page ${page.page} -->\n\n${paragraphs(lines).join("\n\n")}\n\n`;
  }
}

/** Ratios to the usual font size from which a line is a heading. */
const HEADING = 1.25;
const MAIN_HEADING = 1.6;
/** Gap before a paragraph, in font sizes. */
const PARAGRAPH_GAP = 1;

function paragraphs(lines: readonly TextLine[]): string[] {
  const usual = median(
    lines.flatMap(({ size, text }) => Array(Math.ceil(text.length / 8)).fill(size) as number[]),
  );
  const found: string[] = [];
  let before: TextLine | undefined;
  let open = false;
  for (const line of lines) {
    const level = line.size > usual * MAIN_HEADING ? "# " : line.size > usual * HEADING ? "## " : "";
    const follows =
      before?.block === line.block && line.box.y - bottom(before.box) < PARAGRAPH_GAP * line.size;
    const text = level + escaped(line.text);
    if (open && follows && level === "") found.push(`${found.pop()}\n${text}`);
    else found.push(text);
    open = level === "";
    before = line;
  }
  return found;
}

/** Escapes Markdown. Keeps numbers at the start of a line, which are lists either way. */
function escaped(text: string): string {
  return text.replace(/[\\`*_<[\]]/g, "\\$&").replace(/^([#>+-])/, "\\$1");
}

/** All available data, in points from the top left corner of each page. */
export async function* asJson(pages: AsyncIterable<PageText>, furniture: Furniture): AsyncGenerator<string> {
  yield '{"version":1,"unit":"pt","pages":[';
  let first = true;
  for await (const page of pages) {
    yield `${first ? "" : ","}\n${JSON.stringify(pageJson(page, furniture))}`;
    first = false;
  }
  yield "\n]}\n";
}

function pageJson(page: PageText, furniture: Furniture) {
  const { lines, toPdf: _, ...about } = page;
  const blocks = Map.groupBy(lines, ({ block }) => block);
  return {
    ...about,
    blocks: [...blocks.values()].map((own) => ({
      box: around(own.map(({ box }) => box)),
      lines: own.map(({ block: __, blockLeft: ___, ...line }) => ({
        ...line,
        ...(furniture.has(own.find(({ text }) => text === line.text)!, page) && { furniture: true }),
      })),
    })),
  };
}
