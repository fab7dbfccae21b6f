import { asProblem, type ConsoleEvent, type JobEventData } from "../../../src/client/index.ts";
import { connection } from "../connection/connection.ts";
import { client } from "./client.ts";

export interface StreamHandlers {
  onEvent(type: string, data: JobEventData): void;
  /** The log no longer contains our position, so reload the state. */
  onResync(): void;
  /** Called after each connect and reconnect. */
  onOpen?(): void;
}

/** Listeners to the events of all jobs. They share one connection. */
const listeners = new Set<StreamHandlers>();
let shared: { close(): void } | null = null;
let isOpen = false;

/** Follows the events of all the user's jobs, and notifications. All callers share one connection. */
export function openUserStream(handlers: StreamHandlers): { close(): void } {
  listeners.add(handlers);
  if (isOpen) handlers.onOpen?.();
  shared ??= openEventStream(null, {
    onEvent(type, data) {
      for (const one of [...listeners]) one.onEvent(type, data);
    },
    onResync() {
      for (const one of [...listeners]) one.onResync();
    },
    onOpen() {
      isOpen = true;
      for (const one of [...listeners]) one.onOpen?.();
    },
  });
  return {
    close() {
      listeners.delete(handlers);
      if (listeners.size > 0) return;
      shared?.close();
      shared = null;
      isOpen = false;
    },
  };
}

/**
 * Follows a job's events, or with `null` those of all jobs, until `close` is called or the job ends. Pauses while the
 * page is hidden, because a browser opens only six connections per server, and background tabs must not use them up.
 */
export function openEventStream(jobId: string | null, handlers: StreamHandlers): { close(): void } {
  const stopped = new AbortController();
  const { signal } = stopped;
  const { onOpen } = handlers;

  async function follow(): Promise<void> {
    const options = { signal, onOpen, retries: Number.POSITIVE_INFINITY, mayConnect: whileVisible };
    for await (const { type, data } of client.events(jobId, options)) {
      if (type === "resync") handlers.onResync();
      else handlers.onEvent(type, data);
    }
  }

  follow().catch((error: unknown) => {
    // If the job is gone, the page learns that when it loads the job.
    if (asProblem(error).code === "network") connection.lost();
  });
  return { close: () => stopped.abort() };
}

let followsHidden = false;
const wishes = new EventTarget();

/** Whether to follow the events of all jobs even while the page is hidden. */
export function followWhileHidden(on: boolean): void {
  followsHidden = on;
  wishes.dispatchEvent(new Event("change"));
}

const isWanted = () => !document.hidden || followsHidden;

/** Waits until the page is visible. The signal is aborted when it gets hidden. */
async function whileVisible(signal: AbortSignal): Promise<AbortSignal> {
  await visible(signal);
  const hidden = new AbortController();
  const look = () => {
    if (isWanted() && !signal.aborted) return;
    document.removeEventListener("visibilitychange", look);
    wishes.removeEventListener("change", look);
    signal.removeEventListener("abort", look);
    hidden.abort();
  };
  document.addEventListener("visibilitychange", look);
  wishes.addEventListener("change", look);
  signal.addEventListener("abort", look);
  return hidden.signal;
}

function visible(signal: AbortSignal): Promise<void> {
  if (isWanted() || signal.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    const check = () => {
      if (!isWanted() && !signal.aborted) return;
      document.removeEventListener("visibilitychange", check);
      wishes.removeEventListener("change", check);
      signal.removeEventListener("abort", check);
      resolve();
    };
    document.addEventListener("visibilitychange", check);
    wishes.addEventListener("change", check);
    signal.addEventListener("abort", check);
  });
}

/** Follows the console's views. Each connection starts with the full state. Pauses while the page is hidden. */
export function openConsoleStream(onEvent: (event: ConsoleEvent) => void): { close(): void } {
  const stopped = new AbortController();
  const options = {
    signal: stopped.signal,
    retries: Number.POSITIVE_INFINITY,
    mayConnect: whileVisible,
  };

  async function follow(): Promise<void> {
    for await (const event of client.admin.live(options)) onEvent(event);
  }

  follow().catch((error: unknown) => {
    if (asProblem(error).code === "network") connection.lost();
  });
  return { close: () => stopped.abort() };
}
