import { readFile } from "node:fs/promises";
import sharp from "sharp";
import { expect, test } from "vitest";
import { centerOf } from "./faces.ts";
import { derive } from "./test-derive.ts";

test("larger faces count for more", () => {
  const size = { width: 100, height: 100 };
  expect(centerOf([], size)).toBeNull();
  expect(centerOf([[10, 10, 20, 20]], size)).toEqual({ x: 0.2, y: 0.2 });
  const { x, y } = centerOf(
    [
      [0, 0, 20, 20],
      [80, 90, 10, 10],
    ],
    size,
  )!;
  expect([x, y]).toEqual([0.25, 0.27]);
});

// The package is installed for `examples/faces`.
test("a crop to faces keeps the face, and goes by attention where there is none", {
  timeout: 60_000,
}, async () => {
  const face = await sharp(await readFile("examples/faces/page/samples/first.jpg"))
    .resize(320, 360, { fit: "cover" })
    .toBuffer();
  const options = { widths: [180], formats: ["png"], crop: { ratio: "1:2", focus: "faces" } };
  const shown = async (left: number) => {
    const wide = sharp({ create: { width: 840, height: 360, channels: 3, background: "#789" } });
    const { outputs, warned } = await derive(
      await wide
        .composite([{ input: face, left, top: 0 }])
        .png()
        .toBuffer(),
      options,
    );
    expect(warned).toEqual([]);
    const whole = sharp(face).extract({ left: 70, top: 0, width: 180, height: 360 });
    const [one, other] = await Promise.all(
      [whole, sharp(outputs[0]!.data)].map((image) => image.removeAlpha().resize(18, 36).raw().toBuffer()),
    );
    return one!.reduce((sum, value, index) => sum + Math.abs(value - other![index]!), 0) / one!.length;
  };
  expect(await shown(40)).toBeLessThan(25);
  expect(await shown(480)).toBeLessThan(25);
  const { warned } = await derive(await readFile("samples/dunes.jpg"), options);
  expect(warned).toEqual(["no_face"]);
});
