import { setTimeout as sleep } from "node:timers/promises";
import type { Program } from "../processes.ts";
import { type ProcessorTime, processorTime } from "../processor-time.ts";
import type { Order } from "../programs/producer.ts";

/** Something that takes jobs in one process and runs them in another. */
export interface Subject {
  readonly name: string;
  /** What it keeps, and how safely. */
  readonly note: string;
  readonly producer: Program;
  readonly worker: Program;
  /** Where steps write when they began: of the latency, and of the recovery. */
  readonly startLog: string;
  readonly holdLog: string;
  /** Whether another worker takes over what a dead one held. */
  readonly recovers: boolean;
  /** Jobs that its worker says it has run; `null` where only the records know. */
  handled(): number | null;
  startWorker(): Promise<Program>;
  /** Processes of its servers. */
  database(): number[];
  broker(): number[];
}

export const parts = ["producer", "worker", "database", "broker"] as const;
export type Part = (typeof parts)[number];

/** Processor time that each part of a subject has used so far. */
export function partTimes(subject: Subject): { [part in Part]: ProcessorTime } {
  return {
    producer: processorTime([subject.producer.child.pid!]),
    worker: processorTime([subject.worker.child.pid!]),
    database: processorTime(subject.database()),
    broker: processorTime(subject.broker()),
  };
}

/** Sends an order to the producer and waits until it has been carried out. */
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
/** Nothing here settles more than so many tasks a millisecond: there is no use in asking earlier. */
const FASTEST = 20;

/** Resolves when everything that was added has been settled. */
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
  // Asking costs the service something, so it is asked seldom while there is much left.
  for (;;) {
    const left = await order(subject, { kind: "unfinished" });
    if (!left) return;
    late();
    await sleep(Math.min(200, Math.max(5, left / FASTEST)));
  }
}
