import type {
  AuditEntry,
  ConsoleEvent,
  DeadLetterGroup,
  History,
  HistoryFilter,
  NewOperation,
  Operation,
  OperatorJobFilter,
  OperatorJobPage,
  Overview,
  ReplicaView,
} from "./console-types.ts";
import { type EventOptions, followEvents } from "./events.ts";
import { type CallOptions, query, type Transport } from "./transport.ts";
import type { DailyModelUsage, DeadLetter, Job, Page, WorkerView } from "./types.ts";

/** The operator console. Requires an admin. */
export interface Console {
  overview(options?: CallOptions): Promise<Overview>;
  history(filter?: HistoryFilter, options?: CallOptions): Promise<History>;
  /** Searches the jobs of all users, newest first. */
  jobs(filter?: OperatorJobFilter, options?: CallOptions): Promise<OperatorJobPage>;
  /** A job, with the fields that only operators see. */
  job(id: string, options?: CallOptions): Promise<OperatorsJob>;
  cancelJob(id: string, options?: CallOptions): Promise<{ id: string; state: string }>;
  retryJob(id: string, options?: CallOptions): Promise<{ id: string; state: string; items: number }>;
  removeJob(id: string, options?: CallOptions): Promise<void>;
  /** Groups dead letters by queue and error, most frequent first. */
  deadLetterGroups(
    filter?: { queue?: string; code?: string; text?: string; limit?: number },
    options?: CallOptions,
  ): Promise<Page<DeadLetterGroup> & { total: number }>;
  /** A dead letter, with its job's options and a preview of its input. */
  deadLetter(taskId: string, options?: CallOptions): Promise<DeadLetterDetail>;
  /** Downloads the first file that the task read. */
  deadLetterInput(taskId: string, options?: CallOptions): Promise<Response>;
  /** Model usage of all jobs, by day and model. @param filter.days including today. @default 30 */
  modelUsage(filter?: { days?: number }, options?: CallOptions): Promise<DailyModelUsage[]>;
  /** Drains a worker. */
  drainWorker(id: string, options?: CallOptions): Promise<WorkerView>;
  /** Newest first. */
  operations(
    filter?: { limit?: number; cursor?: string | null },
    options?: CallOptions,
  ): Promise<Page<Operation>>;
  operation(id: string, options?: CallOptions): Promise<Operation>;
  /** Acts on everything that matches a filter. Counts first, and continues even if a process exits. */
  operate(operation: NewOperation, options?: CallOptions): Promise<Operation>;
  /** Starts an operation after its dry run. */
  startOperation(id: string, options?: CallOptions): Promise<Operation>;
  stopOperation(id: string, options?: CallOptions): Promise<Operation>;
  /** Audit log entries, newest first. */
  audit(filter?: AuditFilter, options?: CallOptions): Promise<Page<AuditEntry>>;
  /** The in-memory replicas of each process. */
  replicas(options?: CallOptions): Promise<ReplicaView[]>;
  /** Sends each view once, then again whenever it changes, at most once a second. Does not end by itself. */
  live(options?: EventOptions): AsyncGenerator<ConsoleEvent, void, undefined>;
}

export type OperatorsJob = Job & {
  owner: string;
  failure: DeadLetter["error"];
  replays: { jobId: string; fromJobId: string; operationId: string; at: string }[];
};

export type DeadLetterDetail = DeadLetter & { options: unknown; metadata: Record<string, string> };

export interface AuditFilter {
  actor?: string;
  action?: string;
  from?: string;
  to?: string;
  limit?: number;
  cursor?: string | null;
}

export function consoleCalls(transport: Transport): Console {
  const { get, post, remove } = transport;
  const job = (id: string) => `/v1/admin/jobs/${encodeURIComponent(id)}`;
  const operation = (id: string) => `/v1/admin/operations/${encodeURIComponent(id)}`;
  return {
    overview: (options) => get("/v1/admin/overview", options),
    history: (filter = {}, options) => get(`/v1/admin/history${query(filter)}`, options),
    jobs: (filter = {}, options) => get(`/v1/admin/jobs${query(filter)}`, options),
    job: (id, options) => get(job(id), options),
    cancelJob: (id, options) => post(`${job(id)}/cancel`, undefined, options),
    retryJob: (id, options) => post(`${job(id)}/retry`, undefined, options),
    removeJob: (id, options) => remove(job(id), options),
    deadLetterGroups: (filter = {}, options) => get(`/v1/admin/dead-letters/groups${query(filter)}`, options),
    deadLetter: (taskId, options) => get(`/v1/admin/dead-letters/${encodeURIComponent(taskId)}`, options),
    deadLetterInput: (taskId, options = {}) =>
      transport.repeat(
        () =>
          transport.send(`/v1/admin/dead-letters/${encodeURIComponent(taskId)}/input`, {
            headers: { accept: "*/*" },
            signal: options.signal,
          }),
        options,
      ),
    modelUsage: async (filter = {}, options) =>
      (await get<Page<DailyModelUsage>>(`/v1/admin/model-usage${query(filter)}`, options)).items,
    drainWorker: (id, options) =>
      post(`/v1/admin/workers/${encodeURIComponent(id)}/drain`, undefined, options),
    operations: (filter = {}, options) => get(`/v1/admin/operations${query(filter)}`, options),
    operation: (id, options) => get(operation(id), options),
    operate: (made, options) => post("/v1/admin/operations", made, options),
    startOperation: (id, options) => post(`${operation(id)}/start`, undefined, options),
    stopOperation: (id, options) => post(`${operation(id)}/stop`, undefined, options),
    audit: (filter = {}, options) => get(`/v1/admin/audit${query(filter)}`, options),
    replicas: async (options) => (await get<Page<ReplicaView>>("/v1/admin/replicas", options)).items,
    live: (options = {}) =>
      followEvents(transport, "/v1/admin/events", options) as unknown as AsyncGenerator<ConsoleEvent>,
  };
}
