import type { Store } from "../../ports/store/store.ts";

type Argument<M extends keyof Store> = Store[M] extends (argument: infer A) => unknown ? A : never;
type Answer<M extends keyof Store> = Store[M] extends (...args: never[]) => Promise<infer R> ? R : never;

/** The store's calls, as answered by the thread that owns the records. */
export type Handlers<Names extends keyof Store> = { [M in Names]: (argument: Argument<M>) => Answer<M> };

/** The calls that change something. */
export type WriteNames =
  | "createJob"
  | "cancelJob"
  | "reopenJob"
  | "removeJob"
  | "reserve"
  | "release"
  | "claim"
  | "settle"
  | "renew"
  | "sweep"
  | "workerGone"
  | "heartbeat"
  | "remember"
  | "pin"
  | "keepPinned"
  | "unpin"
  | "collect"
  | "forget"
  | "expire"
  | "setPaused";
