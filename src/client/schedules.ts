import { pipelineName } from "./submit.ts";
import { type CallOptions, query, type Transport } from "./transport.ts";
import type {
  NewSchedule,
  Page,
  PipelineName,
  PipelineOf,
  Schedule,
  ScheduledJob,
  Timing,
  TypedPipeline,
} from "./types.ts";

export interface PageFilter {
  /** @default 20, at most 100 */
  limit?: number;
  /** `nextCursor` of the page before. */
  cursor?: string | null;
}

/** Jobs at times of their own. Those of pipelines' code can be read and paused, and not changed. */
export interface AnySchedules {
  list(filter?: PageFilter, options?: CallOptions): Promise<Page<Schedule>>;
  get(id: string, options?: CallOptions): Promise<Schedule>;
  /** Starts no more jobs. */
  pause(id: string, options?: CallOptions): Promise<Schedule>;
  /** Starts jobs again, from the next due time on. */
  resume(id: string, options?: CallOptions): Promise<Schedule>;
  /** Starts a job now, beside those of its due times. */
  run(id: string, options?: CallOptions): Promise<{ jobId: string }>;
}

/** The caller's own. */
export interface Schedules<Module = Record<never, never>> extends AnySchedules {
  create<P extends TypedPipeline | PipelineName<Module>>(
    pipeline: P,
    schedule: NewSchedule<PipelineOf<Module, P>>,
    options?: CallOptions,
  ): Promise<Schedule>;
  /** What is left out stays as it is. */
  change(
    id: string,
    change: ScheduledJob & { pipeline?: string; cron?: string; timeZone?: string; everySeconds?: number },
    options?: CallOptions,
  ): Promise<Schedule>;
  /** Deletes it; its jobs stay. */
  remove(id: string, options?: CallOptions): Promise<void>;
  /** The next five times at which a schedule would be due. */
  preview(timing: Timing, options?: CallOptions): Promise<string[]>;
}

/** @param path `/v1/schedules`, or where operators find those of everyone */
export function anySchedules({ get, post }: Transport, path: string): AnySchedules {
  const of = (id: string) => `${path}/${encodeURIComponent(id)}`;
  return {
    list: (filter = {}, options) => get(path + query(filter), options),
    get: (id, options) => get(of(id), options),
    pause: (id, options) => post(`${of(id)}/pause`, undefined, options),
    resume: (id, options) => post(`${of(id)}/resume`, undefined, options),
    run: (id, options) => post(`${of(id)}/run`, undefined, options),
  };
}

export function ownSchedules(transport: Transport): Schedules {
  const path = "/v1/schedules";
  const { post, remove } = transport;
  const of = (id: string) => `${path}/${encodeURIComponent(id)}`;
  return {
    ...anySchedules(transport, path),
    create: (pipeline, schedule, options) =>
      post(path, { ...schedule, pipeline: pipelineName(pipeline) }, options),
    change: (id, change, options) => post(of(id), change, options, "PATCH"),
    remove: (id, options) => remove(of(id), options),
    async preview(timing, options) {
      return (await post<{ next: string[] }>(`${path}/preview`, timing, options)).next;
    },
  };
}
