import { sql } from "kysely";
import type { Database } from "../ports/database.ts";
import type { AiUsageRow, Tables } from "./tables.ts";

/** Hours for which usage is kept. */
const KEPT_HOURS = 35 * 24;
/** Expired answers deleted with each new one. */
const SWEPT = 20;

export type AiRecords = ReturnType<typeof aiRecords>;

export interface AiTotals {
  calls: number;
  inputTokens: number;
  cachedInputTokens: number;
  outputTokens: number;
  reasoningTokens: number;
  usd: number;
  estimated: number;
}

const added = [
  "calls",
  "input_tokens",
  "cached_input_tokens",
  "output_tokens",
  "reasoning_tokens",
  "nano_usd",
  "estimated",
] as const;

/** What models were asked, and what they answered. Hours are numbered from the epoch, in UTC. */
export function aiRecords({ db, batch }: Database<Tables>) {
  const sums = () =>
    db
      .selectFrom("ai_usage")
      .select((sum) =>
        added.map((column) =>
          sum.fn.coalesce(sum.fn.sum<number | string>(column), sql<number>`0`).as(column),
        ),
      );

  return {
    /** Adds to a job's use of the model in this hour. */
    async add(row: AiUsageRow): Promise<void> {
      const more = Object.fromEntries(
        added.map((column) => [
          column,
          sql<number>`${sql.ref(`ai_usage.${column}`)} + ${sql.ref(`excluded.${column}`)}`,
        ]),
      );
      await batch([
        db
          .deleteFrom("ai_usage")
          .where("owner", "=", row.owner)
          .where("hour", "<", row.hour - KEPT_HOURS),
        db
          .insertInto("ai_usage")
          .values(row)
          .onConflict((known) => known.columns(["job_id", "model", "hour"]).doUpdateSet(more)),
      ]);
    },

    /** Totals of a model since an hour, over all owners or one. */
    async ofModel(model: string, fromHour: number, owner: string | null): Promise<AiTotals> {
      let query = sums().where("model", "=", model).where("hour", ">=", fromHour);
      if (owner !== null) query = query.where("owner", "=", owner);
      return totals(await query.executeTakeFirstOrThrow());
    },

    /** Totals of an owner since an hour. */
    async ofOwner(owner: string, fromHour: number): Promise<AiTotals> {
      const query = sums().where("owner", "=", owner).where("hour", ">=", fromHour);
      return totals(await query.executeTakeFirstOrThrow());
    },

    /** Totals of a job, by model. */
    async ofJob(owner: string, jobId: string): Promise<(AiTotals & { model: string })[]> {
      const rows = await sums()
        .select("model")
        .where("owner", "=", owner)
        .where("job_id", "=", jobId)
        .groupBy("model")
        .orderBy("model")
        .execute();
      return rows.map((row) => ({ model: row.model, ...totals(row) }));
    },

    /** Totals by model and day, over one owner or all. Newest days first. */
    async byDay(
      fromHour: number,
      owner: string | null,
    ): Promise<(AiTotals & { model: string; day: number })[]> {
      const day = sql<number>`hour / 24`;
      let query = sums()
        .select(["model", day.as("day")])
        .where("hour", ">=", fromHour)
        .groupBy(["model", day])
        .orderBy(day, "desc")
        .orderBy("model")
        .limit(10_000);
      if (owner !== null) query = query.where("owner", "=", owner);
      const rows = await query.execute();
      return rows.map((row) => ({ model: row.model, day: Number(row.day), ...totals(row) }));
    },

    async answer(key: string, now: number): Promise<string | null> {
      const row = await db
        .selectFrom("ai_answers")
        .select("body")
        .where("key", "=", key)
        .where("expires_at", ">", now)
        .executeTakeFirst();
      return row?.body ?? null;
    },

    async keepAnswer(
      key: string,
      owner: string,
      body: string,
      now: number,
      expiresAt: number,
    ): Promise<void> {
      const old = db
        .selectFrom("ai_answers")
        .select("key")
        .where("expires_at", "<", now)
        .orderBy("expires_at")
        .limit(SWEPT);
      await batch([
        db.deleteFrom("ai_answers").where("key", "in", old),
        db
          .insertInto("ai_answers")
          .values({ key, owner, body, expires_at: expiresAt })
          .onConflict((known) => known.column("key").doUpdateSet({ body, expires_at: expiresAt })),
      ]);
    },

    async forget(owner: string): Promise<void> {
      await batch([
        db.deleteFrom("ai_usage").where("owner", "=", owner),
        db.deleteFrom("ai_answers").where("owner", "=", owner),
      ]);
    },
  };
}

function totals(row: { [Column in (typeof added)[number]]: number | string }): AiTotals {
  return {
    calls: Number(row.calls),
    inputTokens: Number(row.input_tokens),
    cachedInputTokens: Number(row.cached_input_tokens),
    outputTokens: Number(row.output_tokens),
    reasoningTokens: Number(row.reasoning_tokens),
    usd: Number(row.nano_usd) / 1e9,
    estimated: Number(row.estimated),
  };
}
