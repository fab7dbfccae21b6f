import { deepEqual, equal } from "node:assert/strict";
import { test } from "node:test";
import { runPipeline } from "millrace/testing";
import { words } from "./pipelines.ts";

test("counts the words of each file and of all", async () => {
  await using run = await runPipeline(words, {
    files: [
      { name: "a.txt", data: "one two three" },
      { name: "b.txt", data: "four" },
    ],
    options: { longerThan: 3 },
  });
  deepEqual(
    run.items.map((item) => item.result),
    [1, 1],
  );
  deepEqual(run.all.total?.result, { total: 2, files: 2 });
});

test("an empty file fails alone", async () => {
  await using run = await runPipeline(words, {
    files: [
      { name: "empty.txt", data: "" },
      { name: "a.txt", data: "one" },
    ],
  });
  equal(run.items[0]?.error?.code, "undecodable_file");
  equal(run.items[1]?.error, null);
});
