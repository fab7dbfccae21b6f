import type { EachContext } from "../../pipeline/context.ts";
import { PermanentError } from "../../pipeline/control.ts";
import type { TextAnswerOptions } from "./options.ts";

/** Maximum characters to read per file: about 1,000 pages. */
const MAX_CHARACTERS = 1_200_000;

export type ReadFile = { pages: { page: number | null; text: string }[] };

/** Text of a file, by page if it has pages. */
export async function read(context: EachContext<TextAnswerOptions, null>): Promise<ReadFile> {
  const [file] = context.inputs;
  if (!file) return { pages: [] };
  const data = await context.read(file);
  const pages =
    file.mediaType === "application/pdf"
      ? await pdfPages(context, data)
      : [{ page: null, text: textOf(data) }];
  return { pages: bounded(context, pages) };
}

async function pdfPages(context: EachContext<TextAnswerOptions, null>, data: Buffer) {
  const { extractPages } = await import("../documents/extract.ts");
  const { textOf: pageText } = await import("../documents/page-text.ts");
  const pages: ReadFile["pages"] = [];
  let unread = 0;
  for await (const { text, fault } of extractPages(data)) {
    if (fault !== null) unread++;
    pages.push({ page: text.page, text: pageText(text.lines) });
  }
  if (unread > 0)
    context.warn(
      "pages_not_read",
      `${unread} of ${pages.length} pages have no reliable text. They may be scans. Run document.ocr on the file, and ask about its result.`,
    );
  return pages;
}

/** UTF-8, or UTF-16 with a byte order mark. */
function textOf(data: Buffer): string {
  const mark = data.length >= 2 ? data.readUInt16BE(0) : 0;
  const encoding = mark === 0xfffe ? "utf-16le" : mark === 0xfeff ? "utf-16be" : "utf-8";
  const text = new TextDecoder(encoding).decode(data);
  if (text.includes("\0")) throw new PermanentError("undecodable_file", "The file does not contain text.");
  return text;
}

function bounded(context: EachContext<TextAnswerOptions, null>, pages: ReadFile["pages"]): ReadFile["pages"] {
  let left = MAX_CHARACTERS;
  const kept = pages.flatMap(({ page, text }) => {
    if (left <= 0) return [];
    const part = text.slice(0, left).toWellFormed();
    left -= text.length;
    return [{ page, text: part }];
  });
  if (left < 0)
    context.warn(
      "text_left_out",
      `Only the first ${MAX_CHARACTERS.toLocaleString("en-US")} characters of the file were read.`,
    );
  return kept;
}
