import { type InfiniteData, useInfiniteQuery, useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect, useRef, useState } from "react";
import { getJob, listItems } from "../api/client.ts";
import {
  hasEnded,
  type ItemState,
  type Job,
  type JobEvent,
  type JobItem,
  type Page,
} from "../api/contract.ts";
import { openEventStream } from "../api/event-stream.ts";
import { type LiveItems, withLiveEvent } from "./live-progress.ts";
import { throttled } from "./throttle.ts";

const inlineItems = 100;
const refreshMs = 250;
/** Poll interval, because no event reports that a job's version has no worker. */
const openRefreshMs = 10_000;
const liveOnly = new Set(["item.progress", "text.delta"]);

/**
 * A job that stays up to date while it runs. Events in the log only trigger a reload, at most a few times a second, so
 * that a replayed event cannot show an earlier state. Progress within an item comes from the events themselves.
 */
export function useJob(id: string) {
  const client = useQueryClient();
  const query = useQuery({
    queryKey: ["job", id],
    queryFn: ({ signal }) => getJob(id, signal),
    refetchInterval: ({ state }) => (state.data && !hasEnded(state.data) ? openRefreshMs : false),
  });
  const [live, setLive] = useState<LiveItems>(new Map());
  const follow = query.data !== undefined && !hasEnded(query.data);

  useEffect(() => {
    if (!follow) {
      setLive(new Map());
      return;
    }
    const refresh = throttled(() => client.invalidateQueries({ queryKey: ["job", id] }), refreshMs);
    let pending: [string, JobEvent][] = [];
    let frame = 0;
    const flush = () => {
      frame = 0;
      const events = pending;
      pending = [];
      setLive((now) => events.reduce((map, [type, data]) => withLiveEvent(map, type, data), now));
    };
    const stream = openEventStream(id, {
      onEvent(type, data) {
        if (!liveOnly.has(type)) {
          refresh.ask();
          return;
        }
        pending.push([type, data]);
        frame ||= requestAnimationFrame(flush);
      },
      onResync: refresh.ask,
      onOpen: refresh.ask,
    });
    return () => {
      stream.close();
      refresh.stop();
      cancelAnimationFrame(frame);
    };
  }, [follow, id, client]);

  return { job: query.data, error: query.error, refetch: query.refetch, live };
}

export type ItemFilter = "" | ItemState;

/** A job's items: those included in it, or pages of them if there are more. */
export function useItems(job: Job, filter: ItemFilter) {
  const many = job.progress.total > inlineItems;
  const pages = useInfiniteQuery<Page<JobItem>, Error, InfiniteData<Page<JobItem>>, string[], string | null>({
    queryKey: ["job", job.id, "items", filter],
    queryFn: ({ pageParam, signal }) => listItems(job.id, { cursor: pageParam, state: filter }, signal),
    initialPageParam: null,
    getNextPageParam: (page) => page.nextCursor,
    enabled: many,
  });
  const last = useRef<JobItem[]>([]);
  if (!many) {
    const items = filter ? job.items.filter((item) => item.state === filter) : job.items;
    return { items, hasMore: false, more: () => {}, loading: false };
  }
  const items = pages.data?.pages.flatMap((page) => page.items) ?? (filter ? last.current : job.items);
  last.current = items;
  return {
    items,
    hasMore: pages.hasNextPage,
    more: () => void pages.fetchNextPage(),
    loading: pages.isFetchingNextPage,
  };
}
