import { useInfiniteQuery, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useLocale } from "../i18n/locale.ts";
import {
  changePreferences,
  getPreferences,
  listNotifications,
  markAllRead,
  markRead,
  type PreferenceChange,
} from "./api.ts";

export const listKey = ["notifications", "list"];
export const unreadKey = ["notifications", "unread"];
const preferencesKey = ["notifications", "preferences"];

/** Newest first. */
export function useNotifications(onlyUnread: boolean) {
  const lang = useLocale();
  return useInfiniteQuery({
    queryKey: [...listKey, onlyUnread, lang],
    queryFn: ({ pageParam, signal }) =>
      listNotifications({ unread: onlyUnread ? "true" : undefined, lang, cursor: pageParam }, signal),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.nextCursor,
  });
}

/** Unread count. The stream updates it (`use-live.ts`). */
export function useUnread(): number {
  const lang = useLocale();
  return (
    useQuery({
      queryKey: unreadKey,
      queryFn: async ({ signal }) =>
        (await listNotifications({ unread: "true", lang, cursor: null }, signal)).unread,
      staleTime: 60_000,
    }).data ?? 0
  );
}

/** Marks one notification by id, or all of them. */
export function useMarkRead() {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: async (which: string): Promise<void> => {
      if (which === "all") await markAllRead(undefined);
      else await markRead(which);
    },
    onSettled: () => queries.invalidateQueries({ queryKey: ["notifications"] }),
  });
}

export function usePreferences() {
  return useQuery({ queryKey: preferencesKey, queryFn: ({ signal }) => getPreferences(signal) });
}

export function useChangePreferences() {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: (change: PreferenceChange) => changePreferences(change),
    onSuccess: (preferences) => queries.setQueryData(preferencesKey, preferences),
  });
}
