import { type QueryClient, useQueryClient } from "@tanstack/react-query";
import { useEffect } from "react";
import type { ConsoleEvent } from "../../../src/client/index.ts";
import { openConsoleStream } from "../api/event-stream.ts";
import { throttled } from "../job/throttle.ts";
import { operationQuery, overviewQuery, queuesQuery, workersQuery } from "./api.ts";

/** Minimum interval for reloading lists, which the stream does not contain. */
const listsMs = 2_000;
const lists = ["dead-letters", "jobs", "job", "timeline", "operations", "audit"];

/** Keeps the console's data up to date. */
export function useLiveConsole(): void {
  const queries = useQueryClient();
  useEffect(() => {
    const refresh = throttled(
      () => Promise.all(lists.map((name) => queries.invalidateQueries({ queryKey: ["console", name] }))),
      listsMs,
    );
    const stream = openConsoleStream((event) => {
      if (take(queries, event)) refresh.ask();
    });
    return () => {
      stream.close();
      refresh.stop();
    };
  }, [queries]);
}

/** @returns whether lists may have changed, too */
function take(queries: QueryClient, event: ConsoleEvent): boolean {
  switch (event.type) {
    case "overview":
      queries.setQueryData(overviewQuery.queryKey, event.data);
      return true;
    case "queues":
      queries.setQueryData(queuesQuery.queryKey, event.data.items);
      return true;
    case "workers":
      queries.setQueryData(workersQuery.queryKey, event.data.items);
      return false;
    case "operations":
      for (const one of event.data.items) queries.setQueryData(operationQuery(one.id).queryKey, one);
      return true;
  }
}
