import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { withFile } from "./file-buffer.ts";

const folder = mkdtempSync(join(tmpdir(), "millrace-file-buffer-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function fileOf(content: string | Buffer): string {
  const path = join(folder, crypto.randomUUID());
  writeFileSync(path, content);
  return path;
}

const memoryOf = (path: string) => withFile(path, async ({ buffer }) => buffer);

test("files share memory one after the other, and have the bytes of their own alone", async () => {
  const [long, short, empty] = ["a long file", "short", ""].map(fileOf);
  expect(await withFile(long!, async (data) => data.toString())).toBe("a long file");
  expect(await withFile(short!, async (data) => data.toString())).toBe("short");
  expect(await withFile(empty!, async (data) => data.length)).toBe(0);
  expect(await memoryOf(long!)).toBe(await memoryOf(short!));
});

test("files at the same time do not, nor large ones", async () => {
  const [one, other] = ["one", "other"].map(fileOf);
  const both = await withFile(one!, async (first) =>
    withFile(other!, async (second) => [first.toString(), second.toString()]),
  );
  expect(both).toEqual(["one", "other"]);
  const large = Buffer.alloc(9 * 1024 * 1024, 7);
  expect(await withFile(fileOf(large), async (data) => data.equals(large))).toBe(true);
});

test("memory of work that failed is not used again: what was given up may still read it", async () => {
  const path = fileOf("bytes");
  let failed: ArrayBufferLike | null = null;
  const failing = withFile(path, async ({ buffer }) => {
    failed = buffer;
    throw new Error("given up");
  });
  await expect(failing).rejects.toThrow("given up");
  expect(await memoryOf(path)).not.toBe(failed);
  await expect(withFile(join(folder, "none"), async () => null)).rejects.toThrow("ENOENT");
  expect(await memoryOf(path)).toBe(await memoryOf(path));
});
