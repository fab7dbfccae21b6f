import type { OperationFilter } from "../../../src/client/index.ts";
import { query } from "../../../src/client/transport.ts";
import { paths } from "../router/routes.ts";

export const jobSearchNames = ["q", "state", "pipeline", "owner", "code", "from", "to"] as const;
export type JobSearch = { [Name in (typeof jobSearchNames)[number]]?: string };

export function jobSearchOf(search: URLSearchParams): JobSearch {
  return Object.fromEntries(
    jobSearchNames.flatMap((name) => {
      const value = search.get(name);
      return value ? [[name, value]] : [];
    }),
  );
}

export function jobSearchPath(search: JobSearch): string {
  return paths.console("jobs") + query(search);
}

/** Converts a search to the filter of an operation. */
export function filterOf({ q, state, ...same }: JobSearch): OperationFilter {
  return { ...same, ...(q && { text: q }), ...(state && { states: [state] }) };
}
