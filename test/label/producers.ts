import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { chromiumPath, launchBrowser } from "../web/browser.ts";
import { drawPdf } from "./drawn.ts";
import { type Exam, type ExamOptions, examOf } from "./exam.ts";
import { printWithChromium } from "./html.ts";
import { printWithLatex } from "./latex.ts";
import { printWithOffice } from "./office.ts";
import { scanned } from "./scan.ts";

/** A program that makes PDFs. */
export interface Producer {
  name: string;
  /** Whether its pages are images. */
  isScan: boolean;
  options: ExamOptions;
  /** Why it is not available here; `null` if it is. */
  missing(): Promise<string | null>;
  print(folder: string, exams: readonly Exam[]): Promise<Buffer[]>;
}

async function each(exams: readonly Exam[], print: (exam: Exam) => Promise<Buffer>): Promise<Buffer[]> {
  const files: Buffer[] = [];
  for (const exam of exams) files.push(await print(exam));
  return files;
}

async function withChromium(
  exams: readonly Exam[],
  after: (file: Buffer, exam: Exam) => Promise<Buffer>,
): Promise<Buffer[]> {
  const browser = await launchBrowser();
  try {
    return await each(exams, async (exam) => after(await printWithChromium(browser, exam), exam));
  } finally {
    await browser.close();
  }
}

const program = (name: string) => async () => {
  const found = await promisify(execFile)("which", [name]).then(
    () => true,
    () => false,
  );
  return found ? null : `missing: ${name}`;
};
const browserMissing = async () => (chromiumPath ? null : "missing: chromium");

export const producers: readonly Producer[] = [
  {
    name: "chromium",
    isScan: false,
    options: {},
    missing: browserMissing,
    print: (_, exams) => withChromium(exams, async (file) => file),
  },
  { name: "libreoffice", isScan: false, options: {}, missing: program("soffice"), print: printWithOffice },
  {
    name: "shuffled",
    isScan: false,
    options: {},
    missing: async () => null,
    print: (_, exams) => each(exams, drawPdf),
  },
  {
    name: "latex",
    isScan: false,
    options: { language: "en" },
    missing: program("pdflatex"),
    print: (folder, exams) => each(exams, (exam) => printWithLatex(folder, exam)),
  },
  {
    name: "scan",
    isScan: true,
    options: {},
    missing: async () => (await browserMissing()) ?? (await program("tesseract")()),
    print: (_, exams) => withChromium(exams, scanned),
  },
];

export function examsFor(producer: Producer, seeds: readonly number[]): Exam[] {
  return seeds.map((seed) => examOf(seed, producer.options));
}
