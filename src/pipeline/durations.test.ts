import { expect, test } from "vitest";
import { definePipeline, type Pipeline, type PipelineOptions } from "./pipeline.ts";
import type { StepOptions } from "./step.ts";

const pipeline = (options: Partial<PipelineOptions<never>>) =>
  definePipeline({ name: "slow", version: 1, title: "Slow", ...options });
const step = (options: StepOptions) => pipeline({}).each("wait", () => 1, options);

test("a time that no timer can hold is refused where the pipeline is defined", () => {
  expect(step({ timeoutMs: 2 ** 31 - 1 }).steps[0]!.timeoutMs).toBe(2_147_483_647);
  expect(() => step({ timeoutMs: 2 ** 31 })).toThrow(
    'The timeoutMs of the step "wait" of slow must be a number of milliseconds from 1 to 2147483647, not 2147483648.',
  );
});

test.each([0, -1, Number.NaN, Number.POSITIVE_INFINITY])("a timeout of %d ms is refused", (timeoutMs) => {
  expect(() => step({ timeoutMs })).toThrow("The timeoutMs of");
});

test.each([-1, Number.NaN, Number.POSITIVE_INFINITY])("a wait or retention of %d ms is refused", (ms) => {
  expect(() => step({ backoff: { baseMs: ms } })).toThrow("The backoff.baseMs of");
  expect(() => step({ backoff: { maxMs: ms } })).toThrow("The backoff.maxMs of");
  expect(() => pipeline({ retentionMs: ms })).toThrow("The retentionMs of slow");
  expect(() => pipeline({ deadLetterRetentionMs: ms })).toThrow("The deadLetterRetentionMs of slow");
});

test("a pipeline that keeps its results briefly keeps its dead letters no longer, unless it says so", () => {
  const kept = ({ retentionMs, deadLetterRetentionMs }: Pipeline) => [retentionMs, deadLetterRetentionMs];
  expect(kept(pipeline({}))).toEqual([null, null]);
  expect(kept(pipeline({ retentionMs: 5 }))).toEqual([5, 5]);
  expect(kept(pipeline({ retentionMs: 5, deadLetterRetentionMs: 9 }))).toEqual([5, 9]);
  expect(kept(pipeline({ deadLetterRetentionMs: 9 }))).toEqual([null, 9]);
});
