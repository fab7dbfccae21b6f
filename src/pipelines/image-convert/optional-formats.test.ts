import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import encodeJxl, { init } from "@jsquash/jxl/encode.js";
import { expect, test } from "vitest";
import { jxlSize } from "../pictures/jxl.ts";
import { convert, difference, scene, withHole } from "./test-pictures.ts";

/** The beginning of a phone's photo. */
const heic = Buffer.from("000000186674797068656963000000006d69663168656963", "hex");

let encoder: Promise<unknown> | undefined;

async function jxl(width: number, height: number, picture = scene(width, height)): Promise<Buffer> {
  encoder ??= readFile(fileURLToPath(import.meta.resolve("@jsquash/jxl/codec/enc/jxl_enc.wasm"))).then(
    async (wasm) => init(await WebAssembly.compile(wasm)),
  );
  await encoder;
  const data = new Uint8ClampedArray(await picture.ensureAlpha().raw().toBuffer());
  const image = { data, width, height, colorSpace: "srgb" } as ImageData;
  return Buffer.from(await encodeJxl(image, { quality: 95, effort: 3 }));
}

test.each([
  [64, 64],
  [301, 97],
  [40, 1_000],
])("the header of a JPEG XL of %i × %i says its size", async (width, height) => {
  expect(jxlSize(await jxl(width, height), "The file")).toEqual({ width, height });
});

test("a JPEG XL is read, and becomes a PNG unless something else is asked for", async () => {
  const file = await jxl(320, 200);
  const result = await convert(file, { format: "original" });
  expect(result).toMatchObject({ mediaType: "image/png", meta: { width: 320, height: 200 } });
  expect(await difference(result.data, scene())).toBeLessThan(3);
  const small = await convert(file, { format: "webp", width: 80 });
  expect(small.meta).toMatchObject({ width: 80, height: 50, format: "webp" });
  // Wrap the codestream in a container.
  const box = (type: string, content: Buffer) => {
    const head = Buffer.alloc(8);
    head.writeUInt32BE(content.length + 8);
    head.write(type, 4, "latin1");
    return Buffer.concat([head, content]);
  };
  const signature = box("JXL ", Buffer.from("0d0a870a", "hex"));
  const boxed = Buffer.concat([signature, box("ftyp", Buffer.from("jxl \0\0\0\0jxl ")), box("jxlc", file)]);
  expect(await difference((await convert(boxed, { format: "png" })).data, scene())).toBeLessThan(3);
});

test("a JPEG XL that is cut off or damaged is refused", async () => {
  const file = await jxl(320, 200);
  await expect(convert(file.subarray(0, 8))).rejects.toMatchObject({ code: "undecodable_file" });
  await expect(convert(file.subarray(0, 200))).rejects.toMatchObject({ code: "undecodable_file" });
  const { createImageConvert } = await import("./index.ts");
  const pipeline = createImageConvert({ maxPixels: 1_000 });
  await expect(convert(file, {}, { pipeline })).rejects.toMatchObject({ code: "too_many_pixels" });
});

test("transparency of a JPEG XL stays", async () => {
  const sharp = (await import("sharp")).default;
  const file = await jxl(320, 200, sharp(await withHole()));
  const { data } = await convert(file, { format: "png" });
  expect((await sharp(data).stats()).isOpaque).toBe(false);
});

test("without its package, HEIC fails with the command that installs it", async () => {
  const isInstalled = await import("heic-decode" as string).then(
    () => true,
    () => false,
  );
  if (isInstalled) return;
  await expect(convert(heic)).rejects.toMatchObject({
    code: "package_missing",
    message:
      "Reading HEIC needs the package heic-decode, which is not installed on this server: npm install heic-decode",
  });
});
