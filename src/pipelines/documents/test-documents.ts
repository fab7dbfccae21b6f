import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { PDFDocument } from "@cantoo/pdf-lib";
import sharp from "sharp";
import { openPdf } from "./pdf-document.ts";

const run = promisify(execFile);

/** Sentences for the test pages. */
const korean = [
  "우리 민족의 전통 건축은 자연과의 조화를 가장 중요한 가치로 여겼다.",
  "한옥의 처마는 여름의 뜨거운 햇볕을 막아 주고 겨울의 낮은 햇살은 방 안 깊숙이 들어오게 한다.",
  "온돌은 아궁이에서 피운 불의 열기가 방바닥 아래의 고래를 지나면서 바닥을 데우는 난방 방식이다.",
  "이러한 방식은 열 효율이 높고 온기가 오래 지속된다는 장점이 있다.",
  "글을 쓸 때에는 읽는 사람이 누구인지 생각하고 알맞은 표현과 문장을 골라 써야 한다.",
  "같은 뜻이라도 어떤 단어를 쓰느냐에 따라 전해지는 느낌이 달라진다.",
  "바다로 흘러간 강물은 햇빛을 받아 수증기가 되고 구름이 되었다가 다시 비가 되어 내린다.",
  "지도를 보면 산맥을 따라 기온과 강수량이 달라지는 모습을 확인할 수 있다.",
  "시장에서는 물건을 사려는 사람과 팔려는 사람이 만나 가격이 정해진다.",
  "실험을 할 때에는 한 가지 조건만 바꾸고 나머지 조건은 모두 같게 해야 한다.",
];
const english = [
  "The river bends twice before it reaches the old stone bridge at the edge of the town.",
  "Scientists measured the temperature of the lake every morning for three years.",
  "When the price of bread rises, families buy less of it and look for something else.",
  "A good map shows not only the roads but also the shape of the land around them.",
  "She closed the window, put the letter on the table, and waited for the rain to stop.",
  "Plants turn light into sugar, and the sugar feeds almost every animal on the planet.",
  "The committee will publish its report before the end of the month.",
  "Early clocks lost several minutes a day, so travelers carried a sundial as well.",
  "Sound moves faster through water than through air because water is harder to squeeze.",
  "Nobody knew who had painted the fence, but everyone agreed that it looked better.",
];

export interface TestPage {
  language: "kor" | "eng";
  columns: 1 | 2;
}

/** A workbook page as HTML, and its text in reading order. */
export function workbookPage({ language, columns }: TestPage, seed = 0): { html: string; text: string } {
  const sentences = language === "kor" ? korean : english;
  const pick = (at: number) => sentences[(at * 7 + seed * 3) % sentences.length]!;
  const title = language === "kor" ? "국어 영역 확인 문제" : "Reading and Science Review";
  const marks = language === "kor" ? ["①", "②", "③", "④", "⑤"] : ["(A)", "(B)", "(C)", "(D)", "(E)"];
  const questions = Array.from({ length: columns === 1 ? 5 : 7 }, (_, index) => {
    const stem = `${index + 1}. ${[0, 1, 2].map((at) => pick(index + at * 3 + 1)).join(" ")}`;
    const choices = marks.map(
      (mark, at) =>
        `${mark} ${pick(index * 2 + at)
          .split(" ")
          .slice(0, 5)
          .join(" ")}`,
    );
    return { stem, choices };
  });
  const body = questions
    .map(({ stem, choices }) => `<p>${stem}</p><p>${choices.join("<br>")}</p>`)
    .join("\n");
  const font =
    language === "kor" ? '"Noto Sans CJK KR", sans-serif' : '"DejaVu Serif", "Liberation Serif", serif';
  const html = `<!doctype html><meta charset="utf-8"><style>@page{size:A4;margin:18mm 16mm}
body{font:10.5pt/1.55 ${font};margin:0}h1{font-size:16pt;margin:0 0 4mm}p{margin:0 0 3mm}
div{columns:${columns};column-gap:10mm}</style><h1>${title}</h1><div>${body}</div>`;
  return { html, text: [title, ...questions.flatMap(({ stem, choices }) => [stem, ...choices])].join("\n") };
}

export const chromium = ["/usr/bin/chromium", "/usr/bin/google-chrome"].find((path) => existsSync(path));
export const soffice = ["/usr/bin/soffice", "/usr/bin/libreoffice"].find((path) => existsSync(path));

/** Prints a page to PDF with a browser. */
export function printed(html: string): Promise<Buffer> {
  return inFolder(async (folder) => {
    await writeFile(join(folder, "page.html"), html);
    const flags =
      "--headless --no-sandbox --disable-gpu --no-first-run --disable-background-networking --disable-sync";
    const files = [
      `--user-data-dir=${folder}`,
      `--print-to-pdf=${join(folder, "page.pdf")}`,
      "--no-pdf-header-footer",
    ];
    await run(chromium!, [...flags.split(" "), ...files, join(folder, "page.html")], { timeout: 60_000 });
    return readFile(join(folder, "page.pdf"));
  });
}

/** Exports a page to PDF with a word processor. */
export function exported(html: string): Promise<Buffer> {
  return inFolder(async (folder) => {
    await writeFile(join(folder, "page.html"), html);
    const profile = `-env:UserInstallation=file://${folder}/profile`;
    const filters = ["--infilter=HTML (StarWriter)", "--convert-to", "pdf:writer_pdf_Export"];
    const args = [profile, "--headless", ...filters, "--outdir", folder];
    await run(soffice!, [...args, join(folder, "page.html")], { timeout: 120_000 });
    return readFile(join(folder, "page.pdf"));
  });
}

async function inFolder<T>(work: (folder: string) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), "millrace-documents-"));
  try {
    return await work(folder);
  } finally {
    await rm(folder, { recursive: true, force: true, maxRetries: 5 });
  }
}

export interface ScanOptions {
  /** @default 200 */
  dpi?: number;
  /** Clockwise. @default 0 */
  degrees?: number;
  /** Amplitude of the noise, in gray levels. @default 0 */
  noise?: number;
}

/** Pages of a PDF as a scanner would produce them, as JPEG. */
export async function scanned(pdf: Uint8Array, options: ScanOptions = {}): Promise<Buffer[]> {
  const { dpi = 200, degrees = 0, noise = 0 } = options;
  const document = await openPdf(pdf);
  const pages: Buffer[] = [];
  for (let number = 1; number <= document.pages; number++) {
    const { data, width, height } = document.withPage(number, (page) => page.render(dpi));
    const turned = sharp(data, { raw: { width, height, channels: 1 } })
      .rotate(degrees, { background: "#ffffff" })
      .toColourspace("b-w")
      .raw();
    const { data: pixels, info } = await turned.toBuffer({ resolveWithObject: true });
    addNoise(pixels, noise);
    const { width: w, height: h, channels } = info;
    pages.push(
      await sharp(pixels, { raw: { width: w, height: h, channels } })
        .toColourspace("b-w")
        .withMetadata({ density: dpi })
        .jpeg({ quality: 80 })
        .toBuffer(),
    );
  }
  document.close();
  return pages;
}

/** Deterministic noise. */
function addNoise(pixels: Buffer, amount: number): void {
  let state = 1;
  for (let at = 0; amount > 0 && at < pixels.length; at++) {
    state = (state * 1_103_515_245 + 12_345) % 2 ** 31;
    const noise = Math.round((state / 2 ** 31 - 0.5) * 2 * amount);
    pixels[at] = Math.max(0, Math.min(255, pixels[at]! + noise));
  }
}

/** A PDF of images, like scanners write. */
export async function pdfOfScans(pages: readonly Buffer[], dpi = 200): Promise<Buffer> {
  const document = await PDFDocument.create();
  for (const jpeg of pages) {
    const image = await document.embedJpg(jpeg);
    const [width, height] = [(image.width * 72) / dpi, (image.height * 72) / dpi];
    document.addPage([width, height]).drawImage(image, { x: 0, y: 0, width, height });
  }
  return Buffer.from(await document.save());
}

/** A hand-written PDF with one page. */
export function rawPdf(content: string, mediaBox = "0 0 600 800"): Buffer {
  const objects = [
    "<</Type/Catalog/Pages 2 0 R>>",
    "<</Type/Pages/Kids[3 0 R]/Count 1>>",
    `<</Type/Page/Parent 2 0 R/MediaBox[${mediaBox}]/Contents 4 0 R/Resources<</Font<</F1 5 0 R>>>>>>`,
    `<</Length ${content.length}>>stream\n${content}\nendstream`,
    "<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
  ];
  let file = "%PDF-1.4\n";
  const offsets = objects.map((object, index) => {
    const offset = file.length;
    file += `${index + 1} 0 obj${object}\nendobj\n`;
    return `${String(offset).padStart(10, "0")} 00000 n \n`;
  });
  const start = file.length;
  file += `xref\n0 6\n0000000000 65535 f \n${offsets.join("")}trailer<</Size 6/Root 1 0 R>>\n`;
  return Buffer.from(`${file}startxref\n${start}\n%%EOF`, "latin1");
}
