import { useQueryClient } from "@tanstack/react-query";
import { useEffect } from "react";
import { followWhileHidden, openUserStream } from "../api/event-stream.ts";
import { useTellingText } from "../i18n/telling-text.ts";
import { announce } from "../ui/announce.tsx";
import type { Notification } from "./api.ts";
import { onBrowserChoice, showInBrowser, wantsBrowser } from "./browser.ts";
import { listKey, unreadKey } from "./use-notifications.ts";

/** Keeps the list and the unread count up to date, and shows browser notifications. */
export function useLiveNotifications(): void {
  const queries = useQueryClient();
  const words = useTellingText().notifications;

  useEffect(() => {
    const stream = openUserStream({
      onEvent(type, data) {
        if (type !== "notification") return;
        const { notification, unread } = data as unknown as Told;
        queries.setQueryData(unreadKey, unread);
        void queries.invalidateQueries({ queryKey: listKey });
        if (!notification) return;
        if (notification.channels.includes("page")) announce(words.arrived(notification.title));
        if (notification.channels.includes("browser")) showInBrowser(notification);
      },
      onResync: () => void queries.invalidateQueries({ queryKey: ["notifications"] }),
      // The stream does not repeat what was missed while disconnected.
      onOpen: () => void queries.invalidateQueries({ queryKey: ["notifications"] }),
    });
    return () => stream.close();
  }, [queries, words]);

  useEffect(() => {
    const left = new AbortController();
    holdStream(left.signal);
    const stop = onBrowserChoice(() => holdStream(left.signal));
    return () => {
      stop();
      left.abort();
    };
  }, []);
}

interface Told {
  notification: Notification | null;
  unread: number;
}

/**
 * Keeps the stream open in the background, for browser notifications, but in one tab only: otherwise tabs would use up
 * the six connections that a browser opens to a server.
 */
function holdStream(signal: AbortSignal): void {
  if (!wantsBrowser() || !navigator.locks) return;
  navigator.locks
    .request("millrace.notifications", { signal }, async () => {
      followWhileHidden(true);
      await new Promise((resolve) => signal.addEventListener("abort", resolve));
      followWhileHidden(false);
    })
    .catch(() => {});
}
