import { execFile } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { PDFDocument } from "@cantoo/pdf-lib";
import sharp from "sharp";
import { expect, test } from "vitest";
import { type PipelineRun, runPipeline } from "../../testing/run-pipeline.ts";
import { extractPages } from "../documents/extract.ts";
import { textOf } from "../documents/page-text.ts";
import { chromium, pdfOfScans, printed, rawPdf, scanned, workbookPage } from "../documents/test-documents.ts";
import { createDocumentOcr, type OcrResult } from "./index.ts";

// The bundled engine, which every machine has.
const pipeline = createDocumentOcr({ ocr: "wasm" });
const timeout = 240_000;

function read(data: Buffer, options: object = {}, mediaType = "application/pdf"): Promise<PipelineRun> {
  return runPipeline(pipeline, { files: [{ name: "book.pdf", data, mediaType }], options });
}

function resultOf(run: PipelineRun): OcrResult {
  expect(run.items[0]?.error).toBe(null);
  return run.items[0]!.result as OcrResult;
}

async function outputOf(run: PipelineRun, extension: string): Promise<Buffer> {
  return run.items[0]!.outputs.find(({ name }) => name.endsWith(`.${extension}`))!.read();
}

/** A two-column scan, a page of text, and a page that is neither. */
async function mixed(): Promise<Buffer> {
  const document = await PDFDocument.create();
  const scan = await scanned(await printed(workbookPage({ language: "kor", columns: 2 }).html), { dpi: 200 });
  const add = async (pdf: Uint8Array) => {
    const [page] = await document.copyPages(await PDFDocument.load(pdf), [0]);
    document.addPage(page!);
  };
  await add(await pdfOfScans(scan));
  await add(rawPdf("BT /F1 20 Tf 50 700 Td (Embedded text of the second page) Tj ET"));
  await add(rawPdf(`BT /F1 1 Tf 10 790 Td ${`(${"many words ".repeat(100)}) Tj 0 -1 Td `.repeat(100)} ET`));
  return Buffer.from(await document.save());
}

test("each page is read its own way, and one that fails loses no other", { timeout }, async (ctx) => {
  if (!chromium) ctx.skip("missing: chromium");
  await using run = await read(await mixed());
  const { pages, failed } = resultOf(run);
  expect(pages.map(({ page, source }) => [page, source])).toEqual([
    [1, "ocr"],
    [2, "embedded"],
  ]);
  expect(failed).toEqual([
    { page: 3, code: "too_much_text", message: expect.stringContaining("The limit is") },
  ]);
  expect(run.items[0]!.warnings.map(({ code }) => code)).toEqual(["page_failed"]);
  expect(pages[0]!.text).toMatch(/^국어 영역 확인 문제\n/);
  expect(pages[0]!.text).toContain("①");
  expect(pages[0]!.confidence).toBeGreaterThan(0.8);
  expect(pages[1]).toMatchObject({ text: "Embedded text of the second page", confidence: 1 });

  expect(run.items[0]!.outputs.map(({ name }) => name)).toEqual([
    "book.txt",
    "book.md",
    "book.json",
    "book.pdf",
  ]);
  expect((await outputOf(run, "txt")).toString()).toBe(`${pages[0]!.text}\n\f${pages[1]!.text}\n`);
  const markdown = (await outputOf(run, "md")).toString();
  expect(markdown).toMatch(/^<!-- page 1 -->\n\n(?:#+ )?국어 영역 확인 문제\n/);
  const json = JSON.parse((await outputOf(run, "json")).toString());
  expect(json).toMatchObject({ version: 1, unit: "pt" });
  const [first] = json.pages;
  expect(first).toMatchObject({ page: 1, source: "ocr", language: "kor" });
  expect(first.blocks.length).toBeGreaterThanOrEqual(2);
  const words = first.blocks.flatMap((block: { lines: { words: object[] }[] }) =>
    block.lines.flatMap((l) => l.words),
  );
  expect(words[0]).toEqual({
    text: "국어",
    confidence: expect.any(Number),
    box: {
      x: expect.any(Number),
      y: expect.any(Number),
      width: expect.any(Number),
      height: expect.any(Number),
    },
  });
  await threeReaders(await outputOf(run, "pdf"), pages[0]!.text);
});

/** Checks that PDFium, poppler and pdf.js find every line in the text layer, including spaces. */
async function threeReaders(pdf: Buffer, text: string): Promise<void> {
  const lines = text.split("\n").filter((line) => line !== "");
  const seen = (found: string) => {
    const flat = found.replace(/\s+/g, " ");
    return lines.filter((line) => flat.includes(line)).length / lines.length;
  };
  for await (const { text: first } of extractPages(pdf)) {
    expect(seen(textOf(first.lines))).toBeGreaterThan(0.95);
    break;
  }
  expect(seen(await byPdfjs(pdf))).toBe(1);
  const poppler = await byPoppler(pdf);
  if (poppler !== null) expect(seen(poppler)).toBeGreaterThan(0.95);
}

async function byPdfjs(pdf: Buffer): Promise<string> {
  const { getDocument } = await import("pdfjs-dist/legacy/build/pdf.mjs");
  const task = getDocument({ data: new Uint8Array(pdf), verbosity: 0 });
  const page = await (await task.promise).getPage(1);
  const { items } = await page.getTextContent();
  await task.destroy();
  return items.map((item) => ("str" in item ? `${item.str}${item.hasEOL ? "\n" : ""}` : "")).join("");
}

async function byPoppler(pdf: Buffer): Promise<string | null> {
  const path = join(process.env.TMPDIR ?? "/tmp", `millrace-searchable-${process.pid}.pdf`);
  await writeFile(path, pdf);
  return promisify(execFile)("pdftotext", ["-raw", path, "-"]).then(
    ({ stdout }) => stdout,
    () => null,
  );
}

test("a picture of a page is read, and becomes a searchable PDF", { timeout }, async (ctx) => {
  if (!chromium) ctx.skip("missing: chromium");
  const page = workbookPage({ language: "eng", columns: 2 });
  const [jpeg] = await scanned(await printed(page.html), { dpi: 150 });
  await using run = await read(jpeg!, { languages: ["eng"], outputs: ["pdf"] }, "image/jpeg");
  const { pages } = resultOf(run);
  expect(pages[0]!.text).toContain("1. ");
  expect(run.items[0]!.outputs.map(({ name }) => name)).toEqual(["book.pdf"]);
  const pdf = await outputOf(run, "pdf");
  await threeReaders(pdf, pages[0]!.text);
  // A4, at the file's resolution.
  const document = await PDFDocument.load(pdf);
  expect(document.getPage(0).getWidth()).toBeCloseTo(595, -1);
});

test("500 pages are read in bounded memory", { timeout }, async () => {
  const document = await PDFDocument.create();
  const font = await document.embedFont("Helvetica");
  for (let number = 1; number <= 500; number++) {
    const page = document.addPage();
    for (let line = 0; line < 40; line++)
      page.drawText(`Line ${line} of page ${number}`, { x: 50, y: 780 - line * 18, size: 11, font });
  }
  await using run = await read(Buffer.from(await document.save()));
  const { pages } = resultOf(run);
  expect(pages).toHaveLength(500);
  expect(pages[499]!.text).toMatch(/^Line 0 of page 500\n/);
  // Memory of the test process, which holds every page and all files.
  expect(process.resourceUsage().maxRSS / 1024).toBeLessThan(1_024);
});

test("pages of a TIFF are pages", { timeout }, async () => {
  const page = await sharp({ create: { width: 400, height: 500, channels: 3, background: "#ffffff" } })
    .png()
    .toBuffer();
  const data = await sharp([page, page, page], { join: { animated: true } })
    .tiff()
    .toBuffer();
  await using run = await read(data, { outputs: ["txt"] }, "image/tiff");
  expect(resultOf(run).pages.map(({ page: number, text }) => [number, text])).toEqual([
    [1, ""],
    [2, ""],
    [3, ""],
  ]);
});

test("a language that the machine lacks is an error that says how to get it", { timeout }, async () => {
  await using run = await read(rawPdf("0 0 m 100 100 l S"), { languages: ["xyz"] });
  expect(run.items[0]!.parts[0]!.error).toMatchObject({
    code: "language_missing",
    message: expect.stringContaining("tesseract-ocr-xyz"),
  });
  expect(run.items[0]!.error).toMatchObject({ code: "parts_failed" });
});

test("text that needs no OCR is never read by it", { timeout }, async () => {
  await using run = await read(rawPdf("BT /F1 20 Tf 50 700 Td (Only this) Tj ET"), { text: "embedded" });
  expect(resultOf(run).pages).toEqual([{ page: 1, text: "Only this", confidence: 1, source: "embedded" }]);
});

test.each([
  ["encrypted_file", () => encryptedPdf()],
  ["undecodable_file", async () => Buffer.from("%PDF-1.7\nnothing")],
])("a file that cannot be opened fails with %s", async (code, make) => {
  await using run = await read(await make());
  expect(run.items[0]!.error).toMatchObject({ code });
});

async function encryptedPdf(): Promise<Buffer> {
  const document = await PDFDocument.create();
  document.addPage();
  document.encrypt({ userPassword: "secret", ownerPassword: "owner" });
  return Buffer.from(await document.save());
}
