import { queryOptions } from "@tanstack/react-query";
import type {
  DeadLetter,
  DeadLetterDetail,
  DeadLetterGroup,
  Operation,
  OperatorsJob,
  Overview,
  Page,
  Queue,
  ReplicaView,
  WorkerView,
} from "../../../src/client/index.ts";
import { client } from "../api/client.ts";
import type { DeadFilter } from "./dead-letters.ts";

/** Queries of the console. The live stream invalidates them (`live.ts`). */

export type Failure = NonNullable<DeadLetter["error"]>;

export const overviewQuery = queryOptions({
  queryKey: ["console", "overview"],
  queryFn: ({ signal }): Promise<Overview> => client.admin.overview({ signal }),
});

export const queuesQuery = queryOptions({
  queryKey: ["console", "queues"],
  queryFn: ({ signal }): Promise<Queue[]> => client.admin.queues({ signal }),
});

export const workersQuery = queryOptions({
  queryKey: ["console", "workers"],
  queryFn: ({ signal }): Promise<WorkerView[]> => client.admin.workers({ signal }),
});

export const replicasQuery = queryOptions({
  queryKey: ["console", "replicas"],
  queryFn: ({ signal }): Promise<ReplicaView[]> => client.admin.replicas({ signal }),
});

export const deadGroupsQuery = ({ queue, code, text }: DeadFilter) =>
  queryOptions({
    queryKey: ["console", "dead-letters", "groups", { queue, code, text }],
    queryFn: ({ signal }): Promise<Page<DeadLetterGroup> & { total: number }> =>
      client.admin.deadLetterGroups(
        { ...(queue && { queue }), ...(code && { code }), ...(text && { text }), limit: 200 },
        { signal },
      ),
  });

export function listDeadLetters(
  filter: DeadFilter,
  cursor: string | null,
  signal: AbortSignal,
): Promise<Page<DeadLetter>> {
  return client.admin.deadLetters({ ...filter, limit: 20, cursor }, { signal });
}

export const deadLetterQuery = (taskId: string) =>
  queryOptions({
    queryKey: ["console", "dead-letter", taskId],
    queryFn: ({ signal }): Promise<DeadLetterDetail> => client.admin.deadLetter(taskId, { signal }),
    retry: false,
  });

export function inputUrl(taskId: string, { download = false } = {}): string {
  return `/v1/admin/dead-letters/${encodeURIComponent(taskId)}/input${download ? "?download=1" : ""}`;
}

export const jobQuery = (id: string) =>
  queryOptions({
    queryKey: ["console", "job", id],
    queryFn: ({ signal }): Promise<OperatorsJob> => client.admin.job(id, { signal }),
    retry: false,
  });

export const operationQuery = (id: string) =>
  queryOptions({
    queryKey: ["console", "operation", id],
    queryFn: ({ signal }): Promise<Operation> => client.admin.operation(id, { signal }),
  });
