import { expect, test } from "vitest";
import { defineBudget } from "../pipeline/budget.ts";
import { definePipeline } from "../pipeline/pipeline.ts";
import { runPipeline } from "../testing/run-pipeline.ts";

const pipeline = { version: 1, title: "Asks outside" };

test("turns come one after the other, for all tasks together", async () => {
  const budget = defineBudget({ name: "turns.spaced", limit: 10, perMs: 1_000 });
  const starts: number[] = [];
  const ask = definePipeline({ ...pipeline, name: "spaced" }).each("ask", async (ctx) => {
    await ctx.turn(budget, { key: "a" });
    starts.push(performance.now());
    await ctx.turn(budget, { key: "b", amount: 2 });
    starts.push(performance.now());
  });
  await Promise.all([runPipeline(ask), runPipeline(ask)].map(async (run) => (await run).dispose()));
  expect(starts).toHaveLength(4);
  // Six turns of 100 ms each; the first comes at once, and the last two of its task count as one.
  expect(starts.at(-1)! - starts[0]!).toBeGreaterThan(450);
});

test("a turn that is far away is waited for elsewhere, and only once", async () => {
  const budget = defineBudget({ name: "turns.far", limit: 1, perMs: 2_200 });
  let calls = 0;
  const ask = definePipeline({ ...pipeline, name: "far" }).each("ask", async (ctx) => {
    calls += 1;
    await ctx.turn(budget, { key: "first" });
    await ctx.turn(budget, { key: "second" });
    return calls;
  });
  await using run = await runPipeline(ask);
  expect(run.items[0]).toMatchObject({ error: null, attempts: 1 });
  // It ran again, so it had given its slot back. If it booked another turn each time, it would never end.
  expect(run.items[0]!.result).toBeGreaterThan(1);
});

test("a refusal keeps everybody away for as long as was asked for", async () => {
  const budget = defineBudget({ name: "turns.refused", limit: 1_000, perMs: 1_000 });
  const starts: number[] = [];
  const ask = definePipeline({ ...pipeline, name: "refused" }).each("ask", async (ctx) => {
    await ctx.turn(budget);
    starts.push(performance.now());
    if (starts.length === 1) throw await ctx.refused(budget, 700);
  });
  await using first = await runPipeline(ask);
  expect(first.items[0]).toMatchObject({ error: null, attempts: 1 });
  expect(starts).toHaveLength(2);
  expect(starts[1]! - starts[0]!).toBeGreaterThan(690);
});

test("budgets that make no sense are refused where they are defined", () => {
  expect(() => defineBudget({ name: "Upper", limit: 1 })).toThrow(/lower-case/);
  expect(() => defineBudget({ name: "none", limit: 0 })).toThrow(/limit of the budget none/);
  expect(() => defineBudget({ name: "nan", limit: 1, perMs: Number.NaN })).toThrow(/perMs/);
});
