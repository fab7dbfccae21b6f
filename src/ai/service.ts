import type { Json } from "../domain/records.ts";
import type { AiCall } from "../pipeline/ai-calls.ts";
import type { StepLog } from "../pipeline/context.ts";

/** Makes model calls for steps, using the installation's models. One per process that runs steps. */
export interface AiService {
  /** Names of the models that a pipeline may use, its own choice first. */
  modelsOf(pipeline: string): readonly string[];
  /** Per-model limits from the settings. */
  readonly limits: readonly { model: string; limit: string; amount: number }[];
  /** Makes one call for a task: books its turn, asks the provider, and records the usage. */
  make(call: AiCall, task: AiTask): Promise<unknown>;
  close(): Promise<void>;
}

/** What the service can do on behalf of one attempt. */
export interface AiTask {
  readonly jobId: string;
  readonly owner: string;
  readonly pipeline: string;
  /** Creation time of the job, by the store's clock. */
  readonly createdAt: number;
  readonly signal: AbortSignal;
  readonly log: StepLog;
  /** The store's clock, in ms since the epoch. */
  now(): number;
  /** See `StepContext.once`. */
  once<T extends Json>(key: string, fn: () => Promise<T>): Promise<T>;
  /** What `once` has recorded under the key in this run of the task. */
  recall(key: string): Promise<Json | undefined>;
  read(file: { artifactId: string }): Promise<Buffer>;
  /** Streams a piece of text to those who watch the job. */
  delta(text: string): void;
}
