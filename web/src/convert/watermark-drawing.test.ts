import { expect, test } from "vitest";
import { broken, fitMark } from "./watermark-drawing.ts";

const picture = { width: 1000, height: 500 };

test("keeps its ratio inside its part of the picture", () => {
  expect(fitMark({ width: 400, height: 100 }, picture, 0.3)).toEqual({ width: 300, height: 75 });
  expect(fitMark({ width: 100, height: 400 }, picture, 0.3)).toEqual({ width: 37.5, height: 150 });
  expect(fitMark(picture, picture, 1)).toEqual({ width: 960, height: 480 });
});

test("long texts are broken between words", () => {
  const lines = broken("The quick brown fox jumps over the lazy dog and runs far away");
  expect(lines.length).toBeGreaterThan(1);
  expect(lines.join(" ")).toBe("The quick brown fox jumps over the lazy dog and runs far away");
});
