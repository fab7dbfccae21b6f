import { isTerminal } from "../../domain/states.ts";
import type { LiveMessage } from "../../engine/messages/topics.ts";
import type { Store } from "../../ports/store/store.ts";
import { type Frame, liveFrame, logFrame } from "./frame.ts";
import { jobProgress } from "./job-progress.ts";

/** Receives the frames of one job, or of all the owner's jobs if `jobId` is `null`. Must not throw. */
export interface Listener {
  readonly jobId: string | null;
  onFrame(frame: Frame): void;
}

/** The live end of one owner's log, open while someone listens. */
export interface OwnerLog {
  /** Resolves when `position` is known. */
  readonly ready: Promise<void>;
  /** The last sequence number dispatched. */
  position(): number;
  add(listener: Listener): void;
  /** @returns whether no listener is left */
  remove(listener: Listener): boolean;
  /** Reads new events after `position`. Calls during a read lead to one more read. */
  tail(): Promise<void>;
  /** Dispatches a live event, which is not in the log. */
  live(message: LiveMessage): Promise<void>;
  /** Dispatches a frame to listeners of all jobs. */
  tell(frame: Frame): void;
  /** Whether someone listens to all jobs. */
  readonly isFollowed: boolean;
}

const PAGE = 500;

/** @param onEnd called when jobs have ended or expired */
export function openOwnerLog(
  store: Pick<Store, "events" | "logBounds" | "job">,
  owner: string,
  onEnd: () => void = () => {},
): OwnerLog {
  const everything = new Set<Listener>();
  const jobs = new Map<string, Set<Listener>>();
  const progress = jobProgress(store, owner);
  let position = 0;
  let reading = false;
  let again = false;
  let size = 0;

  const ready = store.logBounds({ owner }).then((bounds) => {
    position = bounds.last;
  });

  function isWatched(jobId: string): boolean {
    return everything.size > 0 || jobs.has(jobId);
  }

  function dispatch(frame: Frame): void {
    const listeners = jobs.get(frame.jobId);
    if (listeners) for (const listener of listeners) listener.onFrame(frame);
    for (const listener of everything) listener.onFrame(frame);
  }

  async function read(): Promise<void> {
    again = false;
    const events = await store.events({ owner, after: position, limit: PAGE });
    if (events.some(({ type }) => isTerminal(type))) onEnd();
    for (const event of events) {
      position = event.seq;
      if (!isWatched(event.jobId)) continue;
      const frame = logFrame(event);
      if (frame.terminal) progress.forget(event.jobId);
      else progress.remember(event.jobId, event.data.progress);
      dispatch(frame);
    }
    if (events.length > 0) again = true;
  }

  return {
    ready,
    position: () => position,
    add(listener) {
      size++;
      if (listener.jobId === null) {
        everything.add(listener);
        return;
      }
      const listeners = jobs.get(listener.jobId);
      if (listeners) listeners.add(listener);
      else jobs.set(listener.jobId, new Set([listener]));
    },
    remove(listener) {
      const listeners = listener.jobId === null ? everything : jobs.get(listener.jobId);
      if (listeners?.delete(listener)) size--;
      if (listener.jobId !== null && listeners?.size === 0) jobs.delete(listener.jobId);
      return size === 0;
    },
    async tail() {
      await ready;
      again = true;
      if (reading) return;
      reading = true;
      try {
        while (again && size > 0) await read();
      } finally {
        reading = false;
      }
    },
    tell(frame) {
      for (const listener of everything) listener.onFrame(frame);
    },
    get isFollowed() {
      return everything.size > 0;
    },
    async live(message) {
      const { jobId } = message;
      if (!isWatched(jobId)) return;
      // Every event carries its job's progress, which the worker that sent this one does not know.
      await progress.find(jobId);
      // Drop live events of a job that has ended meanwhile.
      if (progress.has(jobId)) dispatch(liveFrame(message, progress.get(jobId)));
    },
  };
}
