import type { Json } from "../../domain/records.ts";
import type { WireError } from "./wire-error.ts";

/** To a step process. Attempts are numbered by the worker; calls by the step process. */
export type ToProcess =
  | { kind: "load"; loader: string; source: unknown }
  | { kind: "run"; attempt: number; pipeline: string; version: number; step: string; data: ContextData }
  /** Its step should stop. Where it has its process for itself, that is killed instead. */
  | { kind: "abort"; attempt: number; reason: WireError }
  | { kind: "answer"; call: number; value: unknown }
  | { kind: "refusal"; call: number; error: WireError }
  /** `once` of a key that has no memo yet: the step process computes the value. */
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
  /** Where the operating system does not show it. */
  | { kind: "resident"; bytes: number };

/** Methods of the step context that are answered. */
export type Called = "path" | "folder" | "reserveMemory" | "submit" | "lookup" | "write" | "once" | "next";
/** Methods of the step context that are not. */
export type Told = "progress" | "delta" | "warn" | "log";

/** The plain members of a step context. */
export type ContextData = { [name: string]: unknown };

/** A list of an `all` or `join` step, whose entries are asked for one by one (`next`). */
export interface ListData {
  list: ListName;
  length: number;
}

export const listNames = ["items", "parts", "failures"] as const;
export type ListName = (typeof listNames)[number];
