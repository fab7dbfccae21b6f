import { sql } from "kysely";
import { type HistoryFigure, historySpans } from "../domain/history.ts";
import type { Database } from "../ports/database.ts";
import type { HistoryRow, Tables } from "./tables.ts";

export type HistoryRecords = ReturnType<typeof historyRecords>;

/** Rows per statement: SQLite limits the number of values. */
const ROWS = 500;

export interface HistoryQuery {
  queue: string;
  spanMs: number;
  stepMs: number;
  from: number;
  to: number;
}

export type HistoryPoint = Pick<HistoryRow, "metric" | "at" | "bucket" | "n">;

/** Statistics over time, by queue and overall. */
export function historyRecords({ db, batch }: Database<Tables>) {
  const rowsOf = (figures: readonly HistoryFigure[], now: number): HistoryRow[] =>
    historySpans.flatMap(({ spanMs }) =>
      figures.map((figure) => ({ ...figure, span: spanMs, at: Math.floor(now / spanMs) * spanMs })),
    );
  const write = async (figures: readonly HistoryFigure[], now: number, isMost: boolean) => {
    const rows = rowsOf(figures, now);
    // All processes write in the same order, so that they cannot deadlock.
    rows.sort((a, b) => compare(key(a), key(b)));
    const n = isMost
      ? sql<number>`CASE WHEN history.n > excluded.n THEN history.n ELSE excluded.n END`
      : sql<number>`history.n + excluded.n`;
    const queries = Array.from({ length: Math.ceil(rows.length / ROWS) }, (_, page) =>
      db
        .insertInto("history")
        .values(rows.slice(page * ROWS, (page + 1) * ROWS))
        .onConflict((known) => known.columns(["span", "queue", "metric", "at", "bucket"]).doUpdateSet({ n })),
    );
    if (queries.length > 0) await batch(queries);
  };

  return {
    /** Adds to the counts of this minute and this hour. */
    add: (figures: readonly HistoryFigure[], now: number) => write(figures, now, false),

    /** Keeps the maximum of this minute and this hour. */
    most: (figures: readonly HistoryFigure[], now: number) => write(figures, now, true),

    /** Counts summed by step; for sampled metrics, the maximum. */
    async read({ queue, spanMs, stepMs, from, to }: HistoryQuery, metrics: readonly string[]) {
      const at = sql<number>`at - at % ${sql.lit(stepMs)}`;
      let rows = db
        .selectFrom("history")
        .select(["metric", "bucket", at.as("at")])
        .select(
          sql<number | string>`CASE WHEN metric IN ('waiting', 'oldest') THEN max(n) ELSE sum(n) END`.as("n"),
        )
        .where("span", "=", spanMs)
        .where("queue", "=", queue)
        .where("at", ">=", from)
        .where("at", "<", to)
        .groupBy(["metric", "bucket", at]);
      rows = rows.where((or) =>
        or.or(
          metrics.map((metric) =>
            metric === "failed" ? or("metric", "like", "failed:%") : or("metric", "=", metric),
          ),
        ),
      );
      return (await rows.execute()).map((row) => ({ ...row, at: Number(row.at), n: Number(row.n) }));
    },

    /** Deletes rows past their retention. */
    async prune(now: number): Promise<void> {
      await batch(
        historySpans.map(({ spanMs, keptMs }) =>
          db
            .deleteFrom("history")
            .where("span", "=", spanMs)
            .where("at", "<", now - keptMs),
        ),
      );
    },
  };
}

function key({ span, queue, metric, at, bucket }: HistoryRow): string {
  return [span, queue, metric, at, bucket].join("\n");
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
