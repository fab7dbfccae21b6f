import type { itemView, jobView } from "../../../src/domain/job-views.ts";
import type { Json } from "../../../src/domain/records.ts";
import type { ItemState } from "../../../src/domain/states.ts";
import type { FileView, Progress } from "../../../src/domain/views.ts";
import type { JsonSchema } from "../json-schema/schema.ts";

/** JSON of the HTTP API. Job types come from the server's own views, so that a drift fails the build. */

export type Job = ReturnType<typeof jobView>;
export type JobItem = ReturnType<typeof itemView>;
export type JobState = Job["state"];

export type {
  Attempt,
  JobStep,
  NewSchedule,
  Page,
  Part,
  Schedule,
  Timing,
} from "../../../src/client/index.ts";
export { hasEnded, jobStates } from "../../../src/domain/states.ts";
export type { FileView, ItemState, Json, Progress };

export interface Accepts {
  mediaTypes: readonly string[];
  minFiles: number;
  maxFiles: number;
  maxFileBytes: number;
  maxItems: number;
  /** JSON Schema of an item's data. `null` if the pipeline takes no data. */
  data: JsonSchema | null;
}

/** A data item of a new job. */
export interface NewItem {
  name?: string;
  data: Json;
}

export interface Pipeline {
  name: string;
  version: number;
  title: string;
  description: string;
  accepts: Accepts;
  options: JsonSchema;
  steps: { name: string; kind: "each" | "split" | "join" | "all" }[];
}

export interface SamplePicture {
  name: string;
  url: string;
  bytes: number;
  mediaType: string;
}

export type { JobEventData as JobEvent } from "../../../src/client/index.ts";
