import { chmod, mkdir, mkdtemp, rm, stat, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { makePrivate } from "./private.ts";

const space = await mkdtemp(join(tmpdir(), "millrace-private-"));
afterAll(() => rm(space, { recursive: true, force: true }));
const modeOf = async (...path: string[]) => ((await stat(join(space, ...path))).mode & 0o777).toString(8);

test("what is open to others is closed, once, and what is not ours is left alone", async () => {
  await mkdir(join(space, "data", "blobs", "ab"), { recursive: true });
  const files = ["millrace.db", "notes.txt", "blobs/ab/key"];
  for (const file of files) await writeFile(join(space, "data", file), "x");
  await writeFile(join(space, "outside"), "x");
  await symlink(join(space, "outside"), join(space, "data", "blobs", "link"));
  for (const path of [...files.map((file) => `data/${file}`), "outside"])
    await chmod(join(space, path), 0o644);
  for (const path of ["data", "data/blobs", "data/blobs/ab"]) await chmod(join(space, path), 0o755);

  const isOurs = (name: string) => name !== "notes.txt";
  expect(await makePrivate(join(space, "data"), isOurs)).toBe(5);
  expect(await Promise.all([modeOf("data"), modeOf("data", "blobs"), modeOf("data", "blobs", "ab")])).toEqual(
    ["700", "700", "700"],
  );
  expect(await Promise.all([modeOf("data", "millrace.db"), modeOf("data", "blobs", "ab", "key")])).toEqual([
    "600",
    "600",
  ]);
  expect(await Promise.all([modeOf("data", "notes.txt"), modeOf("outside")])).toEqual(["644", "644"]);
  expect(await makePrivate(join(space, "data"), isOurs)).toBe(0);
});

test("a folder that is not there is none", async () => {
  expect(await makePrivate(join(space, "nowhere"))).toBe(0);
});
