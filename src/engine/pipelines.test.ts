import { expect, test } from "vitest";
import { definePipeline } from "../pipeline/pipeline.ts";
import { pipelineRegistry } from "./pipelines.ts";

const make = (title: string, more: { version?: number; replaces?: boolean } = {}) =>
  definePipeline({ name: "p", version: 1, title, ...more }).each("work", () => null);

test("two pipelines of the same name and version are refused with both titles", () => {
  expect(() => pipelineRegistry([make("Built-in"), make("Mine")])).toThrow(
    /Two pipelines are named p, version 1: "Built-in" and "Mine"/,
  );
});

test("one that says so takes the other's place, and other versions stand beside it", () => {
  const mine = make("Mine", { replaces: true });
  const registry = pipelineRegistry([make("Built-in"), mine, make("Next", { version: 2 })]);
  expect(registry.get("p", 1)).toBe(mine);
  expect(registry.list().map(({ title }) => title)).toEqual(["Next"]);
});

test("the same pipeline may come twice", () => {
  const one = make("One");
  expect(pipelineRegistry([one, one]).versions()).toEqual([one]);
});

test.each([
  [{ cron: "61 * * * *" }, /The schedule "default" of the pipeline p is not valid: cron: /],
  [{ cron: "0 0 30 2 *" }, /is never due/],
  [{ everySeconds: 0 }, /everySeconds: must be a whole number/],
])("a schedule %j in a pipeline's code ends the start", (schedule, message) => {
  const pipeline = definePipeline({ name: "p", version: 1, title: "P", schedules: [schedule] });
  expect(() => pipelineRegistry([pipeline.each("work", () => null)])).toThrow(message);
});
