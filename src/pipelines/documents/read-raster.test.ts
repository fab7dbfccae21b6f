import { distance } from "fastest-levenshtein";
import { describe, expect, test } from "vitest";
import { nativeTesseract } from "./ocr/tesseract.ts";
import { wasmTesseract } from "./ocr/tesseract-wasm.ts";
import { textOf } from "./page-text.ts";
import { openPdf } from "./pdf-document.ts";
import { readRaster } from "./read-raster.ts";
import { findRings } from "./rings.ts";
import { skewOf } from "./skew.ts";
import {
  chromium,
  pdfOfScans,
  printed,
  type ScanOptions,
  scanned,
  type TestPage,
  workbookPage,
} from "./test-documents.ts";

const bare = (text: string) => text.normalize("NFC").replace(/\s+/g, "");
const { signal } = new AbortController();

/** The first page of a scan, at 300 dpi. */
async function scan(page: TestPage, options: ScanOptions) {
  const [jpeg] = await scanned(await printed(workbookPage(page).html), options);
  const document = await openPdf(await pdfOfScans([jpeg!], options.dpi));
  const raster = document.withPage(1, (opened) => opened.render(300));
  document.close();
  return raster;
}

const rough: ScanOptions = { dpi: 200, degrees: 0.8, noise: 30 };
const engines = {
  native: nativeTesseract,
  wasm: async () => wasmTesseract(),
};

describe.each(["native", "wasm"] as const)("with the %s engine", (name) => {
  const pages: [TestPage, number][] = [
    [{ language: "kor", columns: 2 }, 0.06],
    [{ language: "eng", columns: 2 }, 0.01],
  ];
  test.for(pages)(
    "a rough scan is read: %o, characters wrong at most %f",
    { timeout: 180_000 },
    async ([page, most], ctx) => {
      const engine = await engines[name]();
      if (!engine?.languages.includes("kor")) ctx.skip("missing: tesseract with kor");
      if (!chromium) ctx.skip("missing: chromium");
      const { text } = workbookPage(page);
      const reading = { engine: engine!, languages: ["kor", "eng"], document: JSON.stringify(page), signal };
      const read = await readRaster(await scan(page, rough), reading);
      expect(read.language).toBe(page.language);
      expect(distance(bare(textOf(read.lines)), bare(text)) / bare(text).length).toBeLessThan(most);
      if (page.language === "kor") {
        const marks = /[①-⑳]/g;
        expect(textOf(read.lines).match(marks)).toEqual(text.match(marks));
      }
      // Check each word's position on the page.
      for (const { box, words } of read.lines) {
        for (const word of words) {
          expect(word.box.y).toBeGreaterThan(box.y - 12);
          expect(word.box.x).toBeGreaterThanOrEqual(box.x - 1);
          expect(word.box.width).toBeGreaterThan(0);
        }
      }
    },
  );

  test("a blank page has no text", async (ctx) => {
    const engine = await engines[name]();
    if (!engine) ctx.skip("missing: tesseract");
    const blank = { data: Buffer.alloc(1_000 * 1_400, 250), width: 1_000, height: 1_400, dpi: 120 };
    const reading = { engine: engine!, languages: ["eng"], document: "blank", signal };
    expect(await readRaster(blank, reading)).toEqual({ lines: [], confidence: 0, language: null });
  });
});

test.for([-2.5, -0.6, 0, 0.4, 3])(
  "the skew of a page is found: %f degrees",
  { timeout: 90_000 },
  async (degrees, ctx) => {
    if (!chromium) ctx.skip("missing: chromium");
    const raster = await scan({ language: "kor", columns: 1 }, { dpi: 100, degrees, noise: 20 });
    expect(Math.abs(skewOf(raster) - degrees)).toBeLessThan(0.15);
  },
);

test("rings are told from letters", async (ctx) => {
  if (!chromium) ctx.skip("missing: chromium");
  const html = `<meta charset="utf-8"><body style='font:11pt "Noto Sans CJK KR"'>
    안인일연 O0o ○ ● ㅇ 응 ① ② ③ ④ ⑤ 8 % @ ⑩ ⑮ ⑳ 은 을`;
  const document = await openPdf(await printed(html));
  const raster = document.withPage(1, (page) => page.render(300));
  document.close();
  expect(findRings(raster, 180)).toHaveLength(8);
}, 90_000);
