import { historyRecords } from "../../database/history.ts";
import type { Outcome } from "../../domain/commands.ts";
import { bucketOf, type HistoryFigure, type HistoryMetric } from "../../domain/history.ts";
import type { Engine } from "../engine.ts";

/** Interval between writes, and so the most that a killed process loses. */
const WRITE_MS = 5_000;
/** Distinct error codes per write; the rest share one entry. Steps may invent codes. */
const MOST_CODES = 50;

export interface Settled {
  queue: string;
  outcome: Outcome["kind"];
  ms: number;
  /** How long the task waited for its first step; `null` if unknown. */
  waitMs: number | null;
  /** Code of its error. */
  code: string | null;
}

export interface HistoryRecorder {
  settled(settled: Settled): void;
  /** Writes what is left. */
  close(): Promise<void>;
}

/** Counts what a worker does, and writes the counts in batches, per minute and per hour. */
export function historyRecorder({ database, store }: Pick<Engine, "database" | "store">): HistoryRecorder {
  const records = historyRecords(database);
  let figures = new Map<string, HistoryFigure>();
  let codes = new Set<string>();

  const count = (queue: string, metric: HistoryMetric, bucket: number) => {
    for (const name of [queue, ""]) {
      const key = `${name}\n${metric}\n${bucket}`;
      const known = figures.get(key);
      if (known) known.n++;
      else figures.set(key, { queue: name, metric, bucket, n: 1 });
    }
  };
  const known = (code: string) => {
    if (codes.has(code) || codes.size < MOST_CODES) return codes.add(code) && code;
    return "other";
  };
  const write = async () => {
    const written = [...figures.values()];
    if (written.length === 0) return;
    figures = new Map();
    codes = new Set();
    // These statistics are only for operators, so a failed write is dropped.
    await records.add(written, store.now()).catch(() => {});
  };
  const timer = setInterval(() => void write(), WRITE_MS).unref();

  return {
    settled({ queue, outcome, ms, waitMs, code }) {
      if (outcome === "returned") return;
      count(queue, "ended", 0);
      count(queue, "run", bucketOf(ms));
      if (waitMs !== null) count(queue, "wait", bucketOf(waitMs));
      if (code !== null) count(queue, `failed:${known(code)}`, 0);
    },
    async close() {
      clearInterval(timer);
      await write();
    },
  };
}
