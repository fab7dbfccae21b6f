import { readFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { PDFDocument, StandardFonts } from "@cantoo/pdf-lib";
import { fileTypeFromBuffer } from "file-type";
import { samplesFolder } from "../../compose/package-folders.ts";
import type { WorkFile, WorkloadName } from "./workload.ts";

/** The file that each request sends: the user's own, or a bundled one. */
export async function inputOf(workload: WorkloadName, path: string | null): Promise<WorkFile> {
  if (path !== null) {
    const data = await readFile(path);
    const mediaType = (await fileTypeFromBuffer(data))?.mime ?? "application/octet-stream";
    return { name: basename(path), data, mediaType };
  }
  if (workload === "document.ocr")
    return { name: "two-pages.pdf", data: await twoPages(), mediaType: "application/pdf" };
  if (workload === "image.convert") {
    const data = await readFile(join(samplesFolder()!, "mountains.jpg"));
    return { name: "mountains.jpg", data, mediaType: "image/jpeg" };
  }
  return { name: "note.txt", data: Buffer.from("work"), mediaType: "text/plain" };
}

/** Texts of the two pages. */
export const pageTexts = [
  [
    "A queue between the API and its workers",
    "The API writes the job down, answers 202 and is done. Nothing that a",
    "client sends can hold it up for longer than that. Workers take jobs",
    "when they are free, and the queue keeps what nobody has begun.",
    "A burst makes the queue longer. It does not make the API slower.",
    "What limits the system is how fast its workers are, and how many.",
  ],
  [
    "What a thread pool does instead",
    "A pool holds each request until its work is done. When all threads",
    "are busy, the next request waits inside the API. When the pool's own",
    "queue is full, it refuses the request, or the caller runs the work",
    "itself. Then the web server stops answering everybody.",
  ],
];

const FONT_SIZE = 14;
const LINE = 24;

/** Deterministic. */
async function twoPages(): Promise<Buffer> {
  const document = await PDFDocument.create({ updateMetadata: false });
  const font = await document.embedFont(StandardFonts.Helvetica);
  for (const lines of pageTexts) {
    const page = document.addPage([595, 842]);
    for (const [at, line] of lines.entries())
      page.drawText(line, { x: 60, y: 760 - at * LINE, size: FONT_SIZE, font });
  }
  return Buffer.from(await document.save());
}
