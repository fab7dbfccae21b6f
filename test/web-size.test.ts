import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { expect, test } from "vitest";

const dist = join(import.meta.dirname, "..", "web", "dist");
/** Maximum compressed size of the script that a first visit loads. */
const MOST_BYTES = 150_000;

test("a first visit loads little script; the rest comes when it is wanted", () => {
  if (!existsSync(join(dist, "index.html"))) {
    throw new Error("The page is not built: `npm run build -w web` does that.");
  }
  const page = readFileSync(join(dist, "index.html"), "utf8");
  const scripts = [...page.matchAll(/(?:src|href)="(\/[^"]+\.js)"/g)].map(([, path]) => path!);
  expect(scripts.length).toBeGreaterThan(0);
  const bytes = scripts.map((path) => gzipSync(readFileSync(join(dist, path))).length);
  const sum = bytes.reduce((a, b) => a + b, 0);
  console.log(`the page: ${sum} bytes of script at first, compressed`);
  expect(sum).toBeLessThan(MOST_BYTES);
});
