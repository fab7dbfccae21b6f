import { createHash } from "node:crypto";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { labelPages } from "../../src/pipelines/document-label/label.ts";
import type { Question } from "../../src/pipelines/document-label/question.ts";
import { embeddedText } from "../../src/pipelines/documents/embedded-text.ts";
import { chooseEngine } from "../../src/pipelines/documents/ocr/choose.ts";
import type { PageText } from "../../src/pipelines/documents/page-text.ts";
import { openPdf, type PdfDocument } from "../../src/pipelines/documents/pdf-document.ts";
import { readRaster } from "../../src/pipelines/documents/read-raster.ts";
import type { Exam } from "./exam.ts";
import { examsFor, type Producer } from "./producers.ts";
import { type Score, scoreOf } from "./score.ts";

export interface Measured {
  exam: Exam;
  questions: Question[];
  score: Score;
}

/** Prints the exams of the seeds, extracts and labels them, and compares the result with the ground truth. */
export async function measure(
  producer: Producer,
  seeds: readonly number[],
  folder: string,
): Promise<Measured[]> {
  const exams = examsFor(producer, seeds);
  const files = await printed(producer, exams, folder);
  const measured: Measured[] = [];
  for (const [index, exam] of exams.entries()) {
    const pages = await pagesOf(files[index]!, producer.isScan, folder);
    const questions = labelPages(pages);
    measured.push({ exam, questions, score: scoreOf(exam, questions) });
  }
  return measured;
}

/** Printing takes most of the time, so its output is cached under a name derived from the content. */
async function printed(producer: Producer, exams: readonly Exam[], folder: string): Promise<Buffer[]> {
  await mkdir(folder, { recursive: true });
  const nameOf = (exam: Exam) => {
    const digest = createHash("sha256").update(JSON.stringify(exam)).digest("hex").slice(0, 12);
    return join(folder, `${producer.name}-${exam.seed}-${digest}.pdf`);
  };
  const kept = await Promise.all(exams.map((exam) => readFile(nameOf(exam)).catch(() => null)));
  const missing = exams.filter((_, index) => kept[index] === null);
  const files = missing.length > 0 ? await producer.print(folder, missing) : [];
  for (const [index, exam] of missing.entries()) await writeFile(nameOf(exam), files[index]!);
  return kept.map((file, index) => file ?? files[missing.indexOf(exams[index]!)]!);
}

/** Reads pages like the pipeline's `extract` step; caches OCR results next to the file. */
async function pagesOf(file: Buffer, isScan: boolean, folder: string): Promise<PageText[]> {
  const digest = createHash("sha256").update(file).digest("hex").slice(0, 16);
  const kept = join(folder, `ocr-${digest}.json`);
  if (isScan) {
    const text = await readFile(kept, "utf8").catch(() => null);
    if (text !== null) return JSON.parse(text) as PageText[];
  }
  const document = await openPdf(file);
  const pages: PageText[] = [];
  for (let page = 1; page <= document.pages; page++) {
    pages.push(await readPage(document, page, digest));
  }
  document.close();
  if (isScan) await writeFile(kept, JSON.stringify(pages));
  return pages;
}

const languages = ["kor", "eng"];

async function readPage(source: PdfDocument, page: number, document: string): Promise<PageText> {
  const { embedded, raster } = source.withPage(page, (one) => {
    const found = embeddedText(one);
    return { embedded: found.text, raster: found.fault === null ? null : one.render(300) };
  });
  if (!raster) return embedded;
  const engine = await chooseEngine("auto", languages);
  const signal = AbortSignal.timeout(120_000);
  return {
    ...embedded,
    source: "ocr",
    ...(await readRaster(raster, { engine, languages, document, signal })),
  };
}
