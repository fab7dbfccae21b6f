import { setTimeout as sleep } from "node:timers/promises";
import type { Program } from "../processes.ts";
import { type ProcessorTime, processorTime } from "../processor-time.ts";
import type { Order } from "../programs/producer.ts";

/** Something that accepts jobs in one process and runs them in another. */
export interface Subject {
  readonly name: string;
  /** What it stores, and how durably. */
  readonly note: string;
  readonly producer: Program;
  readonly worker: Program;
  /** Files in which steps record their start: for the latency, and for the recovery. */
  readonly startLog: string;
  readonly holdLog: string;
  /** Whether another worker takes over the tasks of a dead one. */
  readonly recovers: boolean;
  /** Number of jobs that its worker reports as run; `null` if only the records know. */
  handled(): number | null;
  startWorker(): Promise<Program>;
  /** Process ids of its servers. */
  database(): number[];
  broker(): number[];
}

export const parts = ["producer", "worker", "database", "broker"] as const;
export type Part = (typeof parts)[number];

/** CPU time that each part of a subject has used so far. */
export function partTimes(subject: Subject): { [part in Part]: ProcessorTime } {
  return {
    producer: processorTime([subject.producer.child.pid!]),
    worker: processorTime([subject.worker.child.pid!]),
    database: processorTime(subject.database()),
    broker: processorTime(subject.broker()),
  };
}

/** Sends an order to the producer and waits until it is done. */
export function order(subject: Subject, what: Order): Promise<number | null> {
  const { child } = subject.producer;
  return new Promise((resolve, reject) => {
    const ended = () => reject(new Error(`${subject.name}: its producer has ended`));
    child.once("exit", ended);
    child.once("message", (answer: { unfinished?: number | null; failed?: string }) => {
      child.off("exit", ended);
      if (answer.failed === undefined) resolve(answer.unfinished ?? null);
      else reject(new Error(`${subject.name}: ${answer.failed}`));
    });
    child.send(what);
  });
}

const PATIENCE_MS = 60_000;
/** In tasks per ms. Nothing settles faster, so there is no point in asking earlier. */
const FASTEST = 20;

/** Resolves when everything added has settled. */
export async function drained(subject: Subject, handledBefore: number | null, added: number): Promise<void> {
  const deadline = Date.now() + PATIENCE_MS;
  const late = () => {
    if (Date.now() > deadline)
      throw new Error(`${subject.name}: not finished within ${PATIENCE_MS / 1_000} s`);
  };
  while (handledBefore !== null && subject.handled()! - handledBefore < added) {
    late();
    await sleep(2);
  }
  // Queries cost the service something, so ask rarely while much is left.
  for (;;) {
    const left = await order(subject, { kind: "unfinished" });
    if (!left) return;
    late();
    await sleep(Math.min(200, Math.max(5, left / FASTEST)));
  }
}
