export { hashDistance } from "../domain/picture-hashes.ts";
export { catalogue, type ErrorCode, MillraceError } from "../errors.ts";
export { retryAfterMs } from "../outgoing/retry-after.ts";
export type { Accepts } from "../pipeline/accepts.ts";
export { type BudgetOptions, defineBudget, type StepBudget, type TurnOptions } from "../pipeline/budget.ts";
export { type Catalog, type CatalogOptions, defineCatalog } from "../pipeline/catalog.ts";
export type {
  AllContext,
  Artifact,
  EachContext,
  EndedItem,
  NewFile,
  StepContext,
  StepLog,
} from "../pipeline/context.ts";
export { PermanentError, RetryableError, Snooze } from "../pipeline/control.ts";
export { fileOption } from "../pipeline/file-option.ts";
export type { EndedPart, FailedPart, JoinContext, NewPart, PartContext } from "../pipeline/parts.ts";
export {
  definePipeline,
  type Json,
  type Pipeline,
  type PipelineOptions,
} from "../pipeline/pipeline.ts";
export type { ScheduleDefinition } from "../pipeline/schedule.ts";
export type { AllOptions, JoinOptions, SplitOptions, StepOptions } from "../pipeline/step.ts";
export { type PerceptualHash, perceptualHash } from "../pipelines/pictures/perceptual-hash.ts";
export {
  type AppContext,
  type AppDefinition,
  type AppOptions,
  type AppScope,
  defineApp,
} from "./application/define.ts";
export type { UserConfig } from "./config.ts";
export type { Calls, OwnerOptions } from "./embed/calls.ts";
export type { Handler, HandlerOptions, RequestOwner } from "./embed/handler.ts";
export { createMillrace, type Millrace, type MillraceSettings } from "./embed/millrace.ts";
export type { EmbeddedFile, EmbeddedJob, EmbeddedSubmit } from "./embed/submit.ts";
export type { Workers, WorkOptions } from "./embed/work.ts";
