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
  /** At most 100. @default 20 */
  limit?: number;
  /** `nextCursor` of the previous page. */
  cursor?: string | null;
}

/** Jobs that start on a schedule. Schedules defined in code can be read, paused and run, but not changed. */
export interface AnySchedules {
  list(filter?: PageFilter, options?: CallOptions): Promise<Page<Schedule>>;
  get(id: string, options?: CallOptions): Promise<Schedule>;
  pause(id: string, options?: CallOptions): Promise<Schedule>;
  /** Resumes a schedule from its next due time. */
  resume(id: string, options?: CallOptions): Promise<Schedule>;
  /** Starts a job now, in addition to the scheduled ones. */
  run(id: string, options?: CallOptions): Promise<{ jobId: string }>;
}

/** The caller's schedules. */
export interface Schedules<Module = Record<never, never>> extends AnySchedules {
  create<P extends TypedPipeline | PipelineName<Module>>(
    pipeline: P,
    schedule: NewSchedule<PipelineOf<Module, P>>,
    options?: CallOptions,
  ): Promise<Schedule>;
  /** Fields that you omit keep their values. */
  change(
    id: string,
    change: ScheduledJob & { pipeline?: string; cron?: string; timeZone?: string; everySeconds?: number },
    options?: CallOptions,
  ): Promise<Schedule>;
  /** Deletes a schedule. Its jobs are kept. */
  remove(id: string, options?: CallOptions): Promise<void>;
  /** The next five due times of a schedule. */
  preview(timing: Timing, options?: CallOptions): Promise<string[]>;
}

/** @param path `/v1/schedules`, or the operators' path for the schedules of all users */
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
