import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { crc32 } from "node:zlib";
import { expect, test } from "vitest";
import { layOut, type ZipEntry } from "./zip-layout.ts";

const date = new Date("2026-05-06T07:08:10Z");
const GIB = 1024 ** 3;

function file(name: string, content: Buffer): ZipEntry {
  return { name, bytes: content.length, content };
}

test("70,000 files are read by unzip", async () => {
  const content = Buffer.from("x");
  const entries = Array.from({ length: 70_000 }, (_, n) => file(`${n}.txt`, content));
  const layout = layOut(entries, date);
  const crc = crc32(content);
  const archive = Buffer.concat([
    ...entries.flatMap((entry) => [layout.header(entry, crc), content]),
    layout.directory(entries.map(() => crc)),
  ]);
  expect(archive.length).toBe(layout.bytes);
  const folder = await mkdtemp(join(tmpdir(), "millrace-zip-"));
  try {
    await writeFile(join(folder, "a.zip"), archive);
    const { stdout } = await promisify(execFile)("unzip", ["-tqq", join(folder, "a.zip")]);
    expect(stdout).toBe("");
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});

test("what is larger than 4 GiB, or lies behind that, is said in ZIP64", () => {
  const empty = Buffer.alloc(0);
  const [first, second] = [
    { name: "a", bytes: 5 * GIB, content: empty },
    { name: "b", bytes: 7, content: empty },
  ];
  const layout = layOut([first, second], date);
  const head = layout.header(first, 1);
  expect(head.readUInt32LE(22)).toBe(0xffffffff);
  expect(head.readBigUInt64LE(31 + 4)).toBe(BigInt(5 * GIB));
  const directory = layout.directory([1, 2]);
  const start = head.length + 5 * GIB + layout.header(second, 2).length + 7;
  expect(layout.bytes).toBe(start + directory.length);
  // In the second entry, the size fits in 32 bits but the offset does not.
  const at = directory.lastIndexOf(Buffer.from([0x50, 0x4b, 1, 2]));
  expect(directory.readUInt32LE(at + 24)).toBe(7);
  expect(directory.readUInt32LE(at + 42)).toBe(0xffffffff);
  expect(directory.readBigUInt64LE(at + 46 + 1 + 4)).toBe(BigInt(head.length + 5 * GIB));
  const end = directory.indexOf(Buffer.from([0x50, 0x4b, 6, 6]));
  expect(directory.readBigUInt64LE(end + 48)).toBe(BigInt(start));
  expect(directory.readBigUInt64LE(end + 56 + 8)).toBe(BigInt(start + end));
});

test("times are of UTC", () => {
  const entry = file("a", Buffer.alloc(0));
  const stamp = layOut([entry], date).header(entry, 0).readUInt32LE(10);
  expect([stamp >> 25, (stamp >> 21) & 15, (stamp >> 16) & 31]).toEqual([2026 - 1980, 5, 6]);
  expect([(stamp >> 11) & 31, (stamp >> 5) & 63, (stamp & 31) * 2]).toEqual([7, 8, 10]);
});
