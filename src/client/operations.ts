import type { Invite, Link, Quotas, Role, User } from "./account-types.ts";
import { Problem } from "./problem.ts";
import { type AnySchedules, anySchedules, type PageFilter } from "./schedules.ts";
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
  /** Oldest first. @param filter.email only the one who has it */
  users(filter?: PageFilter & { email?: string }, options?: CallOptions): Promise<Page<User>>;
  /** Without a password; a reset link lets the user set one. */
  createUser(
    user: { email: string; name?: string; role?: Role; password?: string },
    options?: CallOptions,
  ): Promise<User>;
  /** Disabling a user, or changing the role, ends all of the user's sessions. */
  changeUser(id: string, change: UserChange, options?: CallOptions): Promise<User>;
  /** Deletes a user, with all data. */
  removeUser(id: string, options?: CallOptions): Promise<void>;
  /** A link by which a user sets a new password, once. */
  makeResetLink(id: string, options?: CallOptions): Promise<Link>;
  /** `url` is in this answer alone; it makes one account. @param invite.email the only address that it is for */
  invite(
    invite?: { email?: string | null; role?: Role },
    options?: CallOptions,
  ): Promise<Invite & { url: string }>;
  /** Those that can still be used, oldest first. */
  invites(filter?: PageFilter, options?: CallOptions): Promise<Page<Invite>>;
  removeInvite(id: string, options?: CallOptions): Promise<void>;
}

export interface UserChange {
  name?: string;
  role?: Role;
  state?: "active" | "disabled";
  /** In place of those before. */
  quotas?: Partial<Quotas>;
}

export interface TimelineFilter {
  index?: number;
  part?: number;
  limit?: number;
  cursor?: string | null;
}

export function operations(transport: Transport): Operations {
  const { get, post, remove } = transport;
  const queue = (name: string) => `/v1/admin/queues/${encodeURIComponent(name)}`;
  const user = (id: string) => `/v1/admin/users/${encodeURIComponent(id)}`;
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
    users: (filter = {}, options) => get(`/v1/admin/users${query(filter)}`, options),
    createUser: (made, options) => post("/v1/admin/users", made, options),
    changeUser: (id, change, options) => post(user(id), change, options, "PATCH"),
    removeUser: (id, options) => remove(user(id), options),
    makeResetLink: (id, options) => post(`${user(id)}/reset-link`, undefined, options),
    invite: (invite = {}, options) => post("/v1/admin/invites", invite, options),
    invites: (filter = {}, options) => get(`/v1/admin/invites${query(filter)}`, options),
    removeInvite: (id, options) => remove(`/v1/admin/invites/${encodeURIComponent(id)}`, options),
  };
}
