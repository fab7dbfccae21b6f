import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { expect, test } from "vitest";

const { cache } = createRequire(import.meta.url);

test("importing the package does not load sharp; hashing an image does", async () => {
  const { perceptualHash } = await import("./index.ts");
  expect(loaded("sharp")).toBe(false);
  expect(await perceptualHash(await readFile("samples/flower.png"))).not.toBeNull();
  expect(loaded("sharp")).toBe(true);
});

function loaded(name: string): boolean {
  return Object.keys(cache).some((path) => path.includes(`/node_modules/${name}/`));
}
