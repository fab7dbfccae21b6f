import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { measure } from "./gate.ts";
import { producers } from "./producers.ts";
import { f1 } from "./score.ts";

const folder = await mkdtemp(join(tmpdir(), "millrace-gate-"));
afterAll(() => rm(folder, { recursive: true, force: true }));

/** A few exams that no tuning used; `npm run bench -- label` uses more, and scans. */
const seeds = [1_001, 1_002, 1_003, 1_004];

test.for(producers.filter(({ isScan }) => !isScan))(
  "whole questions of $name: F1 of at least 0.97",
  { timeout: 180_000 },
  async (producer, ctx) => {
    const missing = await producer.missing();
    if (missing) return ctx.skip(missing);
    const measured = await measure(producer, seeds, join(folder, producer.name));
    const sum = (of: "truth" | "found" | "hits") => measured.reduce((all, { score }) => all + score[of], 0);
    const total = { truth: sum("truth"), found: sum("found"), hits: sum("hits") };
    expect(total.truth).toBeGreaterThan(40);
    expect(f1(total)).toBeGreaterThanOrEqual(0.97);
  },
);
