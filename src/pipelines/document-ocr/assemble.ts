import { Readable } from "node:stream";
import type { JoinContext } from "../../pipeline/parts.ts";
import { type Furniture, furnitureFinder } from "../documents/furniture.ts";
import { isPdf } from "../documents/page-steps.ts";
import { type PageText, textOf } from "../documents/page-text.ts";
import { openPictures, pictureAsJpeg } from "../documents/picture-pages.ts";
import type { LaidPage, PicturePage } from "../documents/searchable-pdf.ts";
import type { DocumentOcrOptions } from "./options.ts";
import { asJson, asMarkdown, asText } from "./render-pages.ts";

export type OcrPage = Pick<PageText, "page" | "confidence" | "source"> & { text: string };
export type OcrResult = {
  pages: OcrPage[];
  /** Unreadable pages, and why. */
  failed: { page: number; code: string; message: string }[];
};

type Context = JoinContext<DocumentOcrOptions, { page: number }, PageText, null>;

/** Writes a document's output files. Holds one page in memory at a time. */
export async function assemble(context: Context): Promise<OcrResult> {
  const finder = furnitureFinder();
  const result: OcrResult = { pages: [], failed: [] };
  for await (const { result: page } of context.parts) {
    finder.add(page);
    const { page: number, confidence, source, lines } = page;
    result.pages.push({ page: number, text: textOf(lines), confidence, source });
  }
  for await (const { data, code, message } of context.failures) {
    result.failed.push({ page: data.page, code, message });
    context.warn("page_failed", `Page ${data.page} could not be read: ${message}`);
  }
  const furniture = finder.furniture();
  const { outputs } = context.options;
  for (const [index, output] of outputs.entries()) {
    context.progress(index / outputs.length, output);
    await writers[output](context, furniture);
  }
  return result;
}

async function* pagesOf({ parts }: Context): AsyncGenerator<PageText> {
  for await (const { result } of parts) yield result;
}

type Output = DocumentOcrOptions["outputs"][number];

const writers: Record<Output, (context: Context, furniture: Furniture) => Promise<unknown>> = {
  txt: (context) =>
    context.write({
      extension: "txt",
      mediaType: "text/plain",
      data: Readable.from(asText(pagesOf(context))),
    }),
  md: (context, furniture) =>
    context.write({
      extension: "md",
      mediaType: "text/markdown",
      data: Readable.from(asMarkdown(pagesOf(context), furniture)),
    }),
  json: (context, furniture) =>
    context.write({
      extension: "json",
      mediaType: "application/json",
      data: Readable.from(asJson(pagesOf(context), furniture)),
    }),
  pdf: async (context) => {
    const data = await (isPdf(context.file) ? searchable(context) : ofPictures(context));
    if (data) await context.write({ extension: "pdf", mediaType: "application/pdf", data });
  },
};

const MIB = 1024 * 1024;
/** Memory for parsing and rewriting a file, as a multiple of its size. */
const COPIES = 6;

/** A searchable PDF. `null` if the file's own text is complete, which makes it searchable already. */
async function searchable(context: Context): Promise<Buffer | null> {
  const laid: LaidPage[] = [];
  for await (const { page, source, lines, toPdf } of pagesOf(context)) {
    if (source !== "ocr" || !toPdf) continue;
    const light = lines.map(({ text, box, baseline, size }) => ({ text, box, baseline, size }));
    laid.push({ page, lines: light, toPdf });
  }
  const original = await context.read(context.file);
  if (laid.length === 0) return original;
  await context.reserveMemory(COPIES * original.length + 256 * MIB);
  try {
    const { overlayPdf } = await pdfWriter();
    return Buffer.from(await overlayPdf(original, laid));
  } catch (error) {
    context.signal.throwIfAborted();
    context.log.warn("no searchable PDF could be made", { error: String(error) });
    context.warn(
      "pdf_left_out",
      "The structure of this PDF cannot be extended, so there is no searchable copy. Print it to a new PDF and upload that.",
    );
    return null;
  }
}

/** Loaded on demand: it is large, few steps need it, and it would slow down starting step processes. */
function pdfWriter() {
  return import("../documents/searchable-pdf.ts");
}

async function ofPictures(context: Context): Promise<Buffer> {
  const first = await openPictures(await context.read(context.file), (bytes) =>
    context.reserveMemory(bytes + 256 * MIB),
  );
  const pages = async function* (): AsyncGenerator<PicturePage> {
    for await (const { page, width, height, lines } of pagesOf(context)) {
      const picture = page === 1 ? first : await first.readPage(first.pages[page - 1] ?? 0);
      yield { picture: await pictureAsJpeg(picture), width, height, lines };
    }
  };
  const { picturesPdf } = await pdfWriter();
  return Buffer.from(await picturesPdf(pages()));
}
