import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { previewSchedule } from "../api/client.ts";
import type { Timing } from "../api/contract.ts";
import { asProblem, type Problem } from "../api/problem.ts";

/** Debounces typing. */
const REST_MS = 250;

export interface Preview {
  times: readonly string[];
  /** The server's objection to the timing. */
  problem: Problem | null;
  isFresh: boolean;
}

/** The next due times, while the user types. */
export function usePreview(timing: Timing | null): Preview {
  const text = JSON.stringify(timing);
  const [settled, setSettled] = useState(text);
  useEffect(() => {
    const timer = setTimeout(() => setSettled(text), REST_MS);
    return () => clearTimeout(timer);
  }, [text]);
  const query = useQuery({
    queryKey: ["schedule-preview", settled],
    queryFn: ({ signal }) => previewSchedule(JSON.parse(settled) as Timing, signal),
    enabled: settled !== "null",
    placeholderData: keepPreviousData,
    retry: false,
    // Due times pass.
    refetchInterval: ({ state }) => (state.error ? false : 30_000),
  });
  const isFresh = settled === text && !query.isPlaceholderData;
  if (timing === null) return { times: [], problem: null, isFresh: true };
  return {
    times: query.error ? [] : (query.data ?? []),
    problem: query.error && isFresh ? asProblem(query.error) : null,
    isFresh,
  };
}
