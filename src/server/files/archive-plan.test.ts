import { expect, test } from "vitest";
import { newTask } from "../../domain/ledger/hand-out.ts";
import type { JobRecord } from "../../domain/records.ts";
import { all, each, jobCommand } from "../../testing/store/fixture.ts";
import { planArchive } from "./archive-plan.ts";

function manifestOf(options: { text: string }, items: number) {
  const { items: _, ...spec } = jobCommand({ options, plan: [each("work"), all("gather")] });
  const job = { ...spec, createdAt: 0, finishedAt: 1, result: null, error: null, warnings: [] };
  const record = job as unknown as JobRecord;
  const tasks = Array.from({ length: items }, (_, item) => newTask(record, item, 0));
  return planArchive(record, tasks, undefined).manifest(new Set());
}

test("a manifest tells the options of each item", () => {
  const manifest = JSON.parse(manifestOf({ text: "a" }, 2));
  expect([manifest.job.options, manifest.items[1].options]).toEqual([{ text: "a" }, { text: "a" }]);
});

test("a manifest of many items with long options has them once", () => {
  const text = "x".repeat(100_000);
  const manifest = manifestOf({ text }, 10_000);
  expect(manifest.length).toBeLessThan(8_000_000);
  expect(JSON.parse(manifest).job.options).toEqual({ text });
});
