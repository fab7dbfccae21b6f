import { setTimeout as delay } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import { z } from "zod";
import { runPipeline } from "../../testing/run-pipeline.ts";
import { createImageConvert, imageConvert } from "./index.ts";
import { imageConvertLimits } from "./limits.ts";
import { imageConvertOptions } from "./options.ts";
import { scene } from "./test-pictures.ts";

test("the defaults", () => {
  expect(imageConvertOptions.parse({ watermark: { text: " a " } })).toEqual({
    fit: "inside",
    enlarge: false,
    progressive: false,
    format: "webp",
    quality: 80,
    keepMetadata: false,
    background: "#ffffff",
    lossless: false,
    tolerant: false,
    pages: "first",
    animated: true,
    watermark: { text: "a", position: "bottom-right", opacity: 0.3, size: 0.3 },
  });
});

describe("refused", () => {
  test.each([
    ["an unknown key", { colour: "red" }, ""],
    ["an unknown key of the watermark", { watermark: { text: "a", angle: 3 } }, "watermark"],
    ["no width", { width: 0 }, "width"],
    ["half a pixel", { height: 10.5 }, "height"],
    ["a side too long", { width: 16_384 }, "width"],
    ["text for a number", { width: "100" }, "width"],
    ["quality 0", { quality: 0 }, "quality"],
    ["quality 101", { quality: 101 }, "quality"],
    ["an unknown format", { format: "psd" }, "format"],
    ["an unknown fit", { fit: "crop" }, "fit"],
    ["a colour's name", { background: "red" }, "background"],
    ["an empty watermark", { watermark: {} }, "watermark"],
    ["a blank text", { watermark: { text: " " } }, "watermark.text"],
    ["text and image", { watermark: { text: "a", image: { artifactId: "b" } } }, "watermark"],
    ["opacity above 1", { watermark: { text: "a", opacity: 1.1 } }, "watermark.opacity"],
    ["size 0", { watermark: { text: "a", size: 0 } }, "watermark.size"],
    ["an unknown position", { watermark: { text: "a", position: "north" } }, "watermark.position"],
  ])("%s", (_, options, path) => {
    const { error } = imageConvertOptions.safeParse(options);
    expect(error?.issues.map((issue) => issue.path.join("."))).toEqual([path]);
  });
});

test("every field of the JSON Schema can be shown in a form", () => {
  type Field = { title?: string; description?: string; type?: string; properties?: Record<string, Field> };
  const check = (fields: Record<string, Field>) => {
    for (const [name, field] of Object.entries(fields)) {
      expect(field, name).toMatchObject({ title: expect.any(String), description: expect.any(String) });
      expect(["integer", "number", "string", "boolean", "object"]).toContain(field.type);
      if (field.properties && name !== "image") check(field.properties);
    }
  };
  const schema = z.toJSONSchema(imageConvertOptions, { io: "input" }) as Field & { required?: string[] };
  check(schema.properties!);
  expect(schema).toMatchObject({ additionalProperties: false });
  expect(schema.required).toBeUndefined();
  expect(schema.properties).toMatchObject({
    width: { type: "integer", minimum: 1, maximum: 16_383 },
    quality: { type: "integer", minimum: 1, maximum: 100, default: 80 },
    format: { enum: ["jpeg", "png", "webp", "avif", "tiff", "gif", "bmp", "original"], default: "webp" },
  });
});

test("the pipeline says what it takes and made it with", () => {
  expect(imageConvert).toMatchObject({
    name: "image.convert",
    version: 1,
    accepts: { minFiles: 1, maxFiles: 50 },
  });
  expect(imageConvert.accepts.maxFileBytes).toBe(imageConvertLimits.maxFileBytes);
  expect(imageConvert.tools).toEqual({ sharp: expect.any(String), libvips: expect.any(String) });
  const small = createImageConvert({ maxFiles: 3, maxFileBytes: 1000 });
  expect(small.accepts).toMatchObject({ maxFiles: 3, maxFileBytes: 1000 });
});

test("progress is told", async () => {
  await using run = await runPipeline(imageConvert, {
    files: [{ name: "a.png", data: await scene(20, 20).png().toBuffer() }],
  });
  expect(run.items[0]!.progress.map(({ message }) => message)).toEqual(["decode", "convert", "write"]);
  const fractions = run.items[0]!.progress.map(({ fraction }) => fraction);
  expect(fractions).toEqual(fractions.toSorted((a, b) => a - b));
});

test("an abort ends the step at once", async () => {
  const data = await scene(3000, 2000).png({ compressionLevel: 1 }).toBuffer();
  const stop = new AbortController();
  const running = runPipeline(imageConvert, {
    files: [{ name: "a.png", data }],
    options: { format: "avif", lossless: true },
    signal: stop.signal,
  });
  await delay(100);
  const asked = performance.now();
  stop.abort(new Error("cancelled"));
  await using run = await running;
  expect(run.items[0]!.error?.message).toBe("cancelled");
  expect(run.items[0]!.outputs).toEqual([]);
  expect(performance.now() - asked).toBeLessThan(500);
});
