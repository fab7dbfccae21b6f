import { Problem } from "./problem.ts";
import { type AnySchedules, anySchedules } from "./schedules.ts";
import { type CallOptions, query, type Transport } from "./transport.ts";
import type {
  Attempt,
  DeadLetter,
  DeadLetterFilter,
  Page,
  Queue,
  Readiness,
  Replayed,
  Scale,
  WorkerView,
} from "./types.ts";

/** What operators do: these calls are for admins. */
export interface Operations {
  queues(options?: CallOptions): Promise<Queue[]>;
  /** Hands out no more tasks of a queue. */
  pauseQueue(name: string, options?: CallOptions): Promise<Queue>;
  resumeQueue(name: string, options?: CallOptions): Promise<Queue>;
  deadLetters(
    filter?: DeadLetterFilter & { limit?: number | string; cursor?: string | null },
    options?: CallOptions,
  ): Promise<Page<DeadLetter>>;
  /** Runs one task again. */
  replay(taskId: string, options?: CallOptions): Promise<{ taskId: string }>;
  /** Runs many again, at a steady rate; stops when the same error comes back. */
  replayMany(
    filter?: DeadLetterFilter & { limit?: number; perSecond?: number },
    options?: CallOptions,
  ): Promise<Replayed>;
  /** The attempts at a job's tasks, or with `index` at one item and its parts. */
  timeline(jobId: string, filter?: TimelineFilter, options?: CallOptions): Promise<Page<Attempt>>;
  workers(options?: CallOptions): Promise<WorkerView[]>;
  /** @param queue one of them, or their sum */
  scale(queue?: string, options?: CallOptions): Promise<Scale>;
  /** What of the service is usable, and what is not. */
  readiness(options?: CallOptions): Promise<Readiness>;
  /** Those of everyone, and of pipelines. */
  readonly schedules: AnySchedules;
}

export interface TimelineFilter {
  index?: number;
  part?: number;
  limit?: number;
  cursor?: string | null;
}

export function operations(transport: Transport): Operations {
  const { get, post } = transport;
  const queue = (name: string) => `/v1/admin/queues/${encodeURIComponent(name)}`;
  return {
    queues: async (options) => (await get<Page<Queue>>("/v1/admin/queues", options)).items,
    pauseQueue: (name, options) => post(`${queue(name)}/pause`, undefined, options),
    resumeQueue: (name, options) => post(`${queue(name)}/resume`, undefined, options),
    deadLetters: (filter = {}, options) => get(`/v1/admin/dead-letters${query(filter)}`, options),
    replay: (taskId, options) =>
      post(`/v1/admin/dead-letters/${encodeURIComponent(taskId)}/replay`, undefined, options),
    replayMany: (filter = {}, options) => post("/v1/admin/dead-letters/replay", filter, options),
    timeline: (jobId, filter = {}, options) =>
      get(`/v1/admin/jobs/${encodeURIComponent(jobId)}/timeline${query(filter)}`, options),
    workers: async (options) => (await get<Page<WorkerView>>("/v1/admin/workers", options)).items,
    scale: (name, options) => get(`/v1/admin/scale${query({ queue: name })}`, options),
    readiness: (options) =>
      get<Readiness>("/readyz", { retries: 0, ...options }).catch((error: unknown) => {
        if (error instanceof Problem && "ready" in error.document)
          return error.document as unknown as Readiness;
        throw error;
      }),
    schedules: anySchedules(transport, "/v1/admin/schedules"),
  };
}
