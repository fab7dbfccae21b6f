import { readdir, readFile } from "node:fs/promises";
import { expect, test } from "vitest";
import { colourAt, convert } from "./test-pictures.ts";

const folder = new URL("../../../samples/", import.meta.url);
const names = (await readdir(folder)).filter((name) => /\.(jpg|png|webp)$/.test(name));

test.each(names)("%s is small, listed and converts", async (name) => {
  const data = await readFile(new URL(name, folder));
  expect(data.length).toBeLessThanOrEqual(250 * 1024);
  expect(await readFile(new URL("README.md", folder), "utf8")).toContain(`\`${name}\``);
  const { meta } = await convert(data, { width: 300, height: 300 }, { name });
  expect(Math.max(meta.width as number, meta.height as number)).toBe(300);
  expect(meta.frames).toBe(name === "ripples.webp" ? 24 : 1);
});

test("they show what they are said to show", async () => {
  const sample = (name: string) => readFile(new URL(name, folder));
  expect((await convert(await sample("pines.jpg"))).meta).toMatchObject({ width: 1200, height: 1600 });
  const flower = await convert(await sample("flower.png"));
  expect((await colourAt(flower.data, 0.02, 0.02))[3]).toBe(0);
});
