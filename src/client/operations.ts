import type { Invite, Link, Quotas, Role, User } from "./account-types.ts";
import { type Console, consoleCalls } from "./console.ts";
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
import { type Webhooks, webhooks } from "./webhooks.ts";

/** Calls for operators. Require an admin. */
export interface Operations extends Console {
  queues(options?: CallOptions): Promise<Queue[]>;
  pauseQueue(name: string, options?: CallOptions): Promise<Queue>;
  resumeQueue(name: string, options?: CallOptions): Promise<Queue>;
  deadLetters(
    filter?: DeadLetterFilter & { limit?: number | string; cursor?: string | null },
    options?: CallOptions,
  ): Promise<Page<DeadLetter>>;
  replay(taskId: string, options?: CallOptions): Promise<{ taskId: string }>;
  /** Replays many dead letters at a steady rate. Stops when the same error comes back. */
  replayMany(
    filter?: DeadLetterFilter & { limit?: number; perSecond?: number },
    options?: CallOptions,
  ): Promise<Replayed>;
  /** The attempts at a job's tasks, or with `index` at one item and its parts. */
  timeline(jobId: string, filter?: TimelineFilter, options?: CallOptions): Promise<Page<Attempt>>;
  workers(options?: CallOptions): Promise<WorkerView[]>;
  /** @param queue @default all queues together */
  scale(queue?: string, options?: CallOptions): Promise<Scale>;
  /** Which parts of the service are available. */
  readiness(options?: CallOptions): Promise<Readiness>;
  /** Schedules of all users and pipelines. */
  readonly schedules: AnySchedules;
  /** Webhooks of all users. Webhooks created here receive events of all users' jobs. */
  readonly webhooks: Webhooks;
  /** Oldest first. @param filter.email only the user with this address */
  users(filter?: PageFilter & { email?: string }, options?: CallOptions): Promise<Page<User>>;
  /** Without `password`, the account has none. A reset link lets the user set one. */
  createUser(
    user: { email: string; name?: string; role?: Role; password?: string },
    options?: CallOptions,
  ): Promise<User>;
  /** Disabling a user or changing the role ends all the user's sessions. */
  changeUser(id: string, change: UserChange, options?: CallOptions): Promise<User>;
  /** Deletes a user and all their data. */
  removeUser(id: string, options?: CallOptions): Promise<void>;
  /** Creates a password reset link. It works once. */
  makeResetLink(id: string, options?: CallOptions): Promise<Link>;
  /** Invites one user. Only this response contains `url`. @param invite.email the only address that can use it */
  invite(
    invite?: { email?: string | null; role?: Role },
    options?: CallOptions,
  ): Promise<Invite & { url: string }>;
  /** Usable invites, oldest first. */
  invites(filter?: PageFilter, options?: CallOptions): Promise<Page<Invite>>;
  removeInvite(id: string, options?: CallOptions): Promise<void>;
}

export interface UserChange {
  name?: string;
  role?: Role;
  state?: "active" | "disabled";
  /** Replaces the previous quotas. */
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
    ...consoleCalls(transport),
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
    webhooks: webhooks(transport, "/v1/admin/webhooks"),
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
