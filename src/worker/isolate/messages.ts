import type { Json } from "../../domain/records.ts";
import type { WireError } from "./wire-error.ts";

/** To a step process. The worker numbers attempts; the step process numbers calls. */
export type ToProcess =
  | { kind: "load"; loader: string; source: unknown }
  | { kind: "run"; attempt: number; pipeline: string; version: number; step: string; data: ContextData }
  /** Asks its step to stop. If the step has its process to itself, that is killed instead. */
  | { kind: "abort"; attempt: number; reason: WireError }
  | { kind: "answer"; call: number; value: unknown }
  | { kind: "refusal"; call: number; error: WireError }
  /** `once` for a key without a memo: the step process computes the value. */
  | { kind: "compute"; call: number };

/** From a step process. */
export type FromProcess =
  | { kind: "ready" }
  | { kind: "refused"; message: string }
  | { kind: "call"; attempt: number; call: number; method: Called; args: unknown[] }
  | { kind: "computed"; call: number; value: Json }
  | { kind: "not-computed"; call: number; error: WireError }
  | { kind: "tell"; attempt: number; method: Told; args: unknown[] }
  | { kind: "succeeded"; attempt: number; value: unknown }
  /** `abandons`: work that the step gave up on still runs in the process. */
  | { kind: "failed"; attempt: number; error: WireError; abandons: boolean }
  /** Sent if the operating system does not expose it. */
  | { kind: "resident"; bytes: number };

/** Methods of the step context that return an answer. */
export type Called =
  | "path"
  | "folder"
  | "reserveMemory"
  | "submit"
  | "lookup"
  | "turn"
  | "refused"
  | "write"
  | "pass"
  | "publish"
  | "nearDuplicates"
  | "once"
  | "next"
  | "ai";
/** Methods of the step context that do not. */
export type Told = "progress" | "delta" | "warn" | "log";

/** The plain members of a step context. */
export type ContextData = { [name: string]: unknown };

/** A list of an `all` or `join` step, whose entries are fetched one by one (`next`). */
export interface ListData {
  list: ListName;
  length: number;
}

export const listNames = ["items", "parts", "failures"] as const;
export type ListName = (typeof listNames)[number];
