export type { PartOutcome } from "./run-parts.ts";
export { type ItemOutcome, type PipelineRun, runPipeline } from "./run-pipeline.ts";
export type { RunOptions, StepOutcome, TestFile, TestOutput } from "./run-step.ts";
