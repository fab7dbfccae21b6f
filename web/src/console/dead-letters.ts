import { query } from "../../../src/client/transport.ts";
import { paths } from "../router/routes.ts";

export interface DeadFilter {
  pipeline?: string;
  queue?: string;
  code?: string;
  group?: string;
  /** Text to find in the error's code or message. */
  text?: string;
  owner?: string;
  jobId?: string;
}

export const deadFilterNames = ["pipeline", "queue", "code", "group", "text", "owner", "jobId"] as const;

export function deadLettersPath(filter: DeadFilter = {}): string {
  return paths.console("dead-letters") + query(filter);
}

export function deadFilterOf(search: URLSearchParams): DeadFilter {
  return Object.fromEntries(
    deadFilterNames.flatMap((name) => {
      const value = search.get(name);
      return value ? [[name, value]] : [];
    }),
  );
}

/** The server only filters groups by queue, code and text. */
export function groupsOf<Group extends { group: string; queue: string }>(
  groups: readonly Group[],
  { group, pipeline }: DeadFilter,
): Group[] {
  return groups.filter(
    (one) => (!group || one.group === group) && (!pipeline || one.queue.startsWith(`${pipeline}/`)),
  );
}
