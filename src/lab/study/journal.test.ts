import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { EndRecord } from "../records.ts";
import { openJournal } from "./journal.ts";

let folder = "";
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "millrace-journal-"));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const end = (cell: string): EndRecord => ({ type: "end", cell, atMs: 1.23456, checks: [] });

test("what a killed run has written is kept, except for a line that is torn", async () => {
  const path = join(folder, "records.ndjson");
  const first = await openJournal(path);
  first.add(end("a"));
  first.add(end("b"));
  await first.close();
  await writeFile(path, `${await readFile(path, "utf8")}{"type":"end","cell":"c","at`);
  const second = await openJournal(path);
  expect(second.earlier).toEqual([
    { ...end("a"), atMs: 1.235 },
    { ...end("b"), atMs: 1.235 },
  ]);
  second.add(end("d"));
  await second.close();
  const third = await openJournal(path);
  expect(third.earlier.map((record) => "cell" in record && record.cell)).toEqual(["a", "b", "d"]);
  await third.close();
});
