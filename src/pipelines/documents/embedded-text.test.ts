import { PDFDocument, StandardFonts } from "@cantoo/pdf-lib";
import { distance } from "fastest-levenshtein";
import { describe, expect, test } from "vitest";
import { extractPages } from "./extract.ts";
import { textOf } from "./page-text.ts";
import { openPdf } from "./pdf-document.ts";
import {
  chromium,
  exported,
  printed,
  rawPdf,
  soffice,
  type TestPage,
  workbookPage,
} from "./test-documents.ts";

const bare = (text: string) => text.normalize("NFC").replace(/\s+/g, "");
const pages: TestPage[] = [
  { language: "kor", columns: 1 },
  { language: "kor", columns: 2 },
  { language: "eng", columns: 2 },
];

async function textOfPdf(pdf: Buffer): Promise<string> {
  const found = await Array.fromAsync(extractPages(pdf));
  expect(found.map(({ fault }) => fault)).toEqual(found.map(() => null));
  return found.map(({ text }) => textOf(text.lines)).join("\n");
}

describe("the text of a page, column by column", () => {
  test.each(pages)(
    "printed by a browser: $language, columns: $columns",
    async (page) => {
      const { html, text } = workbookPage(page);
      if (!chromium) return expect.soft(chromium, "missing: chromium").toBeUndefined();
      const read = await textOfPdf(await printed(html));
      expect(distance(bare(read), bare(text)) / bare(text).length).toBeLessThan(0.002);
      // Word spacing matches the source text.
      const words = new Set(read.split(/\s+/));
      expect(text.split(/\s+/).filter((word) => !words.has(word)).length).toBeLessThan(text.length / 100);
    },
    90_000,
  );

  test("exported by a word processor", async (ctx) => {
    const { html, text } = workbookPage({ language: "kor", columns: 1 });
    if (!soffice) ctx.skip("missing: soffice");
    const read = await textOfPdf(await exported(html));
    expect(distance(bare(read), bare(text)) / bare(text).length).toBeLessThan(0.002);
  }, 180_000);
});

/** Two columns below a title, written line by line across the page, in shuffled order. */
async function shuffled(rotation: number): Promise<Uint8Array> {
  const document = await PDFDocument.create();
  const font = await document.embedFont(StandardFonts.Helvetica);
  const page = document.addPage([600, 800]);
  page.setRotation({ type: "degrees" as never, angle: rotation });
  const lines = Array.from({ length: 12 }, (_, index) => (index * 5) % 12);
  for (const line of lines) {
    page.drawText(`right ${line} has words`, { x: 330, y: 700 - line * 18, size: 11, font });
    page.drawText(`left ${line} has words`, { x: 50, y: 700 - line * 18, size: 11, font });
  }
  page.drawText("A title that is as wide as both of the columns below it", { x: 50, y: 740, size: 18, font });
  return document.save();
}

const inOrder = [
  "A title that is as wide as both of the columns below it",
  ...Array.from({ length: 12 }, (_, line) => `left ${line} has words`),
  ...Array.from({ length: 12 }, (_, line) => `right ${line} has words`),
];

test.each([0, 90, 180, 270])(
  "shuffled text of a page that is turned by %i degrees is in order",
  async (angle) => {
    const [page] = await Array.fromAsync(extractPages(await shuffled(angle)));
    expect(page!.text.lines.map(({ text }) => text)).toEqual(inOrder);
    const across = angle % 180 === 90;
    expect([page!.text.width, page!.text.height]).toEqual(across ? [800, 600] : [600, 800]);
    for (const { box } of page!.text.lines) {
      expect(box.x).toBeGreaterThanOrEqual(0);
      expect(box.x + box.width).toBeLessThanOrEqual(page!.text.width);
      expect(box.y + box.height).toBeLessThanOrEqual(page!.text.height);
    }
  },
);

test("boxes are where the words are, whatever the origin of the page", async () => {
  const pdf = rawPdf("BT /F1 20 Tf 1 0 0 1 150 250 Tm (here) Tj ET", "100 200 500 700");
  const [page] = await Array.fromAsync(extractPages(pdf));
  const [line] = page!.text.lines;
  expect(line).toMatchObject({ text: "here", size: 20, baseline: 450 });
  expect(line!.box.x).toBeCloseTo(50, 0);
});

test("scripts above and below belong to their line, and what is printed twice is read once", async () => {
  const text = "BT /F1 12 Tf 1 0 0 1 50 700 Tm (x) Tj /F1 7 Tf 1 0 0 1 56.5 705 Tm (2) Tj ET";
  const bold = "BT /F1 12 Tf 1 0 0 1 50 600 Tm (bold) Tj 1 0 0 1 50.3 600 Tm (bold) Tj ET";
  const [page] = await Array.fromAsync(extractPages(rawPdf(`${text} ${bold}`)));
  expect(page!.text.lines.map((line) => line.text)).toEqual(["x2", "bold"]);
});

test("a page of characters that nobody can name is not sound", async () => {
  const codes = "010203040506070e0f10111213141516";
  const [page] = await Array.fromAsync(extractPages(rawPdf(`BT /F1 12 Tf 50 700 Td <${codes}> Tj ET`)));
  expect(page!.fault).toBe("unknown_characters");
});

describe("files that cannot be read", () => {
  test("encrypted with a password", async () => {
    const document = await PDFDocument.create();
    document.addPage();
    document.encrypt({ userPassword: "secret", ownerPassword: "owner" });
    await expect(openPdf(await document.save())).rejects.toMatchObject({
      code: "encrypted_file",
      retryable: false,
      message: expect.stringContaining("Save a copy without a password"),
    });
  });

  test("encrypted without a password is read", async () => {
    const document = await PDFDocument.create();
    document.addPage().drawText("open to all");
    document.encrypt({ userPassword: "", ownerPassword: "owner" });
    const [page] = await Array.fromAsync(extractPages(await document.save()));
    expect(page!.text.lines.map(({ text }) => text)).toEqual(["open to all"]);
  });

  test.each([
    ["nothing", Buffer.alloc(0)],
    ["noise", Buffer.from("%PDF-1.7\nnoise")],
    ["no pages", Buffer.from("%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF")],
  ])("broken: %s", async (_, data) => {
    await expect(openPdf(data)).rejects.toMatchObject({ code: "undecodable_file", retryable: false });
  });

  test("a broken table of cross-references is repaired", async () => {
    const pdf = rawPdf("BT /F1 20 Tf 50 700 Td (found again) Tj ET");
    const at = pdf.indexOf("xref");
    const broken = Buffer.concat([
      pdf.subarray(0, at),
      Buffer.from("xref\n0 1\nnonsense\ntrailer<</Root 1 0 R>>"),
    ]);
    const [page] = await Array.fromAsync(extractPages(broken));
    expect(page!.text.lines.map(({ text }) => text)).toEqual(["found again"]);
  });

  test("more characters than a page can have", async () => {
    const line = `(${"many words ".repeat(100)}) Tj 0 -1 Td `;
    const bomb = rawPdf(`BT /F1 1 Tf 10 790 Td ${line.repeat(100)} ET`);
    await expect(Array.fromAsync(extractPages(bomb))).rejects.toMatchObject({ code: "too_much_text" });
  });
});

test("a page of any size is drawn within the ceiling", async () => {
  const document = await openPdf(rawPdf("BT /F1 20 Tf 20 100 Td (hi) Tj ET", "0 0 200000 200000"));
  const { data, width, height } = document.withPage(1, (page) => page.render(300));
  expect(data.length).toBe(width * height);
  expect(data.length).toBeLessThanOrEqual(24_000_000);
  document.close();
});
