import type { Notice } from "../../domain/notices.ts";
import type { Notices } from "../../notices/notices.ts";
import { type Frame, noticeFrame } from "../events/frame.ts";
import { noticeView } from "./notice-view.ts";

/** Notifications read each time. If a burst exceeds this, the list has the rest. */
const LATEST = 50;
/** Minimum pause between reads, so that a burst of jobs causes few of them. */
const PAUSE_MS = 100;

/** The live end of one owner's notifications, open while someone listens to all of the owner's events. */
export interface NoticeTail {
  /** Resolves when the existing notifications are known. */
  readonly ready: Promise<void>;
  /** Checks for changes. Sends new notifications, or if there are none, the unread count if it changed. */
  look(): Promise<void>;
}

export function openNoticeTail(
  notices: Pick<Notices, "latest" | "unread" | "locale">,
  owner: string,
  tell: (frame: Frame) => void,
): NoticeTail {
  let seen = new Set<string>();
  let unread = 0;
  let isLooking = false;
  let again = false;

  const ready = Promise.all([notices.latest(owner, LATEST), notices.unread(owner)]).then(
    ([latest, count]) => {
      seen = new Set(latest.map(({ id }) => id));
      unread = count;
    },
  );

  async function read(): Promise<void> {
    const [latest, count] = await Promise.all([notices.latest(owner, LATEST), notices.unread(owner)]);
    const news = latest.filter(({ id }) => !seen.has(id)).toReversed();
    seen = new Set(latest.map(({ id }) => id));
    const locale = news.length > 0 ? ((await notices.locale(owner)) ?? "en") : "en";
    const view = (notice: Notice) => noticeView(notice, locale);
    for (const notice of news) tell(noticeFrame(view(notice), count));
    if (news.length === 0 && unread !== count) tell(noticeFrame(null, count));
    unread = count;
  }

  return {
    ready,
    async look() {
      await ready;
      again = true;
      if (isLooking) return;
      isLooking = true;
      try {
        while (again) {
          again = false;
          await read();
          if (again) await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
        }
      } finally {
        isLooking = false;
      }
    },
  };
}
