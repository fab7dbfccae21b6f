import sharp from "sharp";
import { expect, test } from "vitest";
import { colourAt, convert } from "./test-pictures.ts";
import { tiff } from "./test-tiff.ts";

/** A gray floating-point TIFF with one number per row. */
function floats(values: number[], tags: [number, 3 | 4, number][] = []): Buffer {
  const width = 8;
  const data = tiff({
    width: width * 4,
    height: values.length,
    rows: values.map(() => 0),
    tags: [[339, 3, 3], ...tags],
  });
  const entries = data.readUInt16LE(8);
  for (let each = 0; each < entries; each++) {
    const at = 10 + each * 12;
    if (data.readUInt16LE(at) === 256) data.writeUInt32LE(width, at + 8);
    if (data.readUInt16LE(at) === 258) data.writeUInt32LE(32, at + 8);
  }
  const start = data.length - values.length * width * 4;
  for (const [row, value] of values.entries())
    for (let x = 0; x < width; x++) data.writeFloatLE(value, start + (row * width + x) * 4);
  return data;
}

test.each<[string, Buffer, number[], string[]]>([
  ["0 to 1", floats([0, 0.25, 0.5, 1]), [0, 64, 128, 255], []],
  ["0 to 255", floats([0, 64, 128, 255]), [0, 64, 128, 255], []],
  ["0 to 65,535", floats([0, 16_448, 32_896, 65_535]), [0, 64, 128, 255], []],
  ["heights", floats([-100, 50, 300]), [0, 96, 255], ["range_stretched"]],
])("floating-point gray from %s", async (_, data, expected, warned) => {
  for (const format of ["png", "webp"]) {
    const result = await convert(data, { format, lossless: true });
    const found = await Promise.all(
      expected.map(
        async (_gray, row) => (await colourAt(result.data, 0.5, (row + 0.5) / expected.length))[0],
      ),
    );
    for (const [row, gray] of expected.entries()) expect(Math.abs(found[row]! - gray)).toBeLessThanOrEqual(1);
    expect(result.warned).toEqual(format === "webp" ? [...warned, "depth_reduced"] : warned);
  }
  expect((await sharp((await convert(data, { format: "png" })).data).metadata()).space).toBe("grey16");
});
