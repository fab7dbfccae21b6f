import { spawnSync } from "node:child_process";
import { mkdir, mkdtemp, readdir, rename, rm, stat, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { flow } from "../../testing/blob/fixture.ts";
import { blobSuite } from "../../testing/blob-suite.ts";
import { refusal } from "../../testing/refusal.ts";
import { openFileBlobs } from "./blobs.ts";

const space = await mkdtemp(join(tmpdir(), "millrace-blobs-"));

const shared = join(space, "shared");
blobSuite({
  name: "files",
  open: () => openFileBlobs(shared, { reserveBytes: 0 }),
  unfinished: () => readdir(join(shared, "staging")),
  child: { module: import.meta.resolve("./blobs.ts"), factory: "openFileBlobs", args: [shared] },
  outage: {
    begin: () => rename(shared, `${shared}.away`),
    end: () => rename(`${shared}.away`, shared),
  },
});

describe("the data folder", () => {
  test("belongs to its owner alone", async () => {
    const root = join(space, "deep", "er", "modes");
    const blobs = await openFileBlobs(root);
    const { key } = await blobs.put(Buffer.from("private"));
    const modes = await Promise.all(
      [root, join(root, "staging"), join(root, key.slice(0, 2)), blobs.localPath(key)!].map(
        async (path) => (await stat(path)).mode & 0o777,
      ),
    );
    expect(modes).toEqual([0o700, 0o700, 0o700, 0o600]);
  });

  test("loses what dead writers left in staging, and keeps what is being written", async () => {
    const root = join(space, "leftovers");
    await mkdir(join(root, "staging"), { recursive: true });
    const leave = async (name: string, ageMs: number) => {
      await writeFile(join(root, "staging", name), "half");
      const at = (Date.now() - ageMs) / 1_000;
      await utimes(join(root, "staging", name), at, at);
    };
    await leave("days", 2 * 86_400_000);
    await leave("hours", 2 * 3_600_000);
    await leave("now", 0);
    const blobs = await openFileBlobs(root);
    expect(await readdir(join(root, "staging"))).toEqual(["hours", "now"]);
    for await (const page of blobs.list(Date.now() - 3_600_000)) expect(page).toEqual([]);
    expect(await readdir(join(root, "staging"))).toEqual(["now"]);
  });

  test("survives an operator who removes an empty folder of it", async () => {
    const root = join(space, "tidied");
    const blobs = await openFileBlobs(root);
    const { key } = await blobs.put(Buffer.from("a"));
    await rm(join(root, key.slice(0, 2)), { recursive: true });
    await refusal(blobs.put(Buffer.from("a")), "unavailable");
    const again = await blobs.put(Buffer.from("a"));
    expect((await blobs.read(again.key)).toString()).toBe("a");
  });
});

test("health refuses when the disk has less than its reserve", async () => {
  const blobs = await openFileBlobs(join(space, "reserve"), { reserveBytes: 2 ** 60 });
  const error = await refusal(blobs.health(), "storage_full");
  expect(error.message).toContain(String(2 ** 60));
  expect(await readdir(join(space, "reserve", "staging"))).toEqual([]);
});

test("what clients bring leaves the reserve, what accepted work writes may use it", async () => {
  const root = join(space, "kept-reserve");
  const blobs = await openFileBlobs(root, { reserveBytes: 2 ** 60 });
  await refusal(blobs.put(flow(3 * 1024 * 1024), { leaveReserve: true }), "storage_full");
  expect(await readdir(join(root, "staging"))).toEqual([]);
  expect((await blobs.put(flow(3 * 1024 * 1024))).bytes).toBe(3 * 1024 * 1024);
});

/** A file system of 4 MiB, if this process may mount one. */
const disk = join(space, "disk");
await mkdir(disk);
const mounted = spawnSync("mount", ["-t", "tmpfs", "-o", "size=4m", "tmpfs", disk]).status === 0;
afterAll(async () => {
  if (mounted) spawnSync("umount", [disk]);
  await rm(space, { recursive: true, force: true });
});

describe.skipIf(!mounted)("a full disk", () => {
  test("refuses what does not fit, leaves nothing of it, and takes what fits", async () => {
    const root = join(disk, "data");
    const blobs = await openFileBlobs(root, { reserveBytes: 0 });
    for (const source of [flow(8 * 1024 * 1024), Buffer.alloc(8 * 1024 * 1024, 1)]) {
      const error = await refusal(blobs.put(source), "storage_full");
      expect(error.retryable).toBe(true);
      expect(await readdir(join(root, "staging"))).toEqual([]);
    }
    const kept = await blobs.put(flow(2 * 1024 * 1024));
    expect((await blobs.read(kept.key)).length).toBe(kept.bytes);
  });
});
