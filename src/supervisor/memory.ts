import type { ChildProcess } from "node:child_process";
import { type SharedMemory, sharedMemory } from "../engine/shared-memory.ts";

/** From a worker to its supervisor, which keeps the machine's budget. Request numbers are unique per worker. */
export type MemoryRequest =
  | { kind: "memory"; act: "take"; request: number; bytes: number }
  /** Also cancels a request that is still waiting. */
  | { kind: "memory"; act: "return"; request: number };

/** To a worker: the requested memory is granted. */
export interface MemoryGranted {
  kind: "memory";
  request: number;
}

/** Serves one child's requests. Everything it holds is freed when it exits. */
export function lendMemory(child: ChildProcess, budget: SharedMemory): (request: MemoryRequest) => void {
  const returning = new Map<number, AbortController>();
  child.once("exit", () => {
    for (const stop of returning.values()) stop.abort();
  });
  return (message) => {
    const { request } = message;
    if (message.act === "return") {
      returning.get(request)?.abort();
      return;
    }
    const stop = new AbortController();
    returning.set(request, stop);
    stop.signal.addEventListener("abort", () => returning.delete(request));
    budget.take(message.bytes, stop.signal).then(
      (giveBack) => {
        if (stop.signal.aborted) return giveBack();
        stop.signal.addEventListener("abort", giveBack);
        child.send({ kind: "memory", request } satisfies MemoryGranted, () => {});
      },
      () => {},
    );
  };
}

/** The memory budget for the steps of this process: its supervisor's or, without one, its own. */
export function machineBudget(bytes: number): SharedMemory {
  return process.connected ? borrowedBudget(bytes) : sharedMemory(bytes);
}

function borrowedBudget(bytes: number): SharedMemory {
  const waiting = new Map<number, () => void>();
  let requests = 0;
  const tell = (message: MemoryRequest) => void process.send!(message, undefined, undefined, () => {});
  process.on("message", ({ kind, request }: MemoryGranted) => {
    if (kind === "memory") waiting.get(request)?.();
  });
  return {
    bytes,
    async take(wanted, signal) {
      signal.throwIfAborted();
      const request = ++requests;
      const turn = Promise.withResolvers<void>();
      const giveBack = () => tell({ kind: "memory", act: "return", request });
      const leave = () => {
        giveBack();
        turn.reject(signal.reason);
      };
      waiting.set(request, turn.resolve);
      signal.addEventListener("abort", leave, { once: true });
      tell({ kind: "memory", act: "take", request, bytes: wanted });
      try {
        await turn.promise;
      } finally {
        waiting.delete(request);
        signal.removeEventListener("abort", leave);
      }
      return giveBack;
    },
  };
}
