import { isOpenOperation, type OperationRecord } from "../domain/operations.ts";
import type { Database } from "../ports/database.ts";
import type { ReplayRow, Tables } from "./tables.ts";

/** How long ended operations are kept, in days. */
export const OPERATION_DAYS = 90;

export type OperationRecords = ReturnType<typeof operationRecords>;

/** Bulk operations on everything that a filter matches. One process at a time works on each. */
export function operationRecords({ db }: Database<Tables>) {
  const columns = (operation: OperationRecord) => ({
    is_open: isOpenOperation(operation) ? 1 : 0,
    body: JSON.stringify(operation),
  });
  const parse = (row: { body: string; stop_asked: number }) => ({
    ...(JSON.parse(row.body) as OperationRecord),
    stopAsked: row.stop_asked === 1,
  });

  return {
    async create(operation: OperationRecord): Promise<void> {
      const { id } = operation;
      await db
        .insertInto("operations")
        .values({ id, stop_asked: 0, runner: null, held_until: 0, ...columns(operation) })
        .execute();
    },

    async get(id: string): Promise<(OperationRecord & { stopAsked: boolean }) | null> {
      const row = await db
        .selectFrom("operations")
        .select(["body", "stop_asked"])
        .where("id", "=", id)
        .executeTakeFirst();
      return row ? parse(row) : null;
    },

    /** Newest first; `before` is the last one on the previous page. */
    async list(query: { before?: string | undefined; limit: number }) {
      let rows = db.selectFrom("operations").select(["body", "stop_asked"]).orderBy("id", "desc");
      if (query.before !== undefined) rows = rows.where("id", "<", query.before);
      return (await rows.limit(query.limit).execute()).map(parse);
    },

    async open(): Promise<number> {
      const row = await db
        .selectFrom("operations")
        .select((count) => count.fn.countAll<number>().as("n"))
        .where("is_open", "=", 1)
        .executeTakeFirstOrThrow();
      return Number(row.n);
    },

    /** Operations that nobody is working on, oldest first. */
    async free(now: number): Promise<string[]> {
      const rows = await db
        .selectFrom("operations")
        .select("id")
        .where("is_open", "=", 1)
        .where("held_until", "<=", now)
        .orderBy("id")
        .limit(20)
        .execute();
      return rows.map(({ id }) => id);
    },

    /** Takes an operation that nobody is working on; `null` if another process was faster. */
    async take(id: string, runner: string, now: number, until: number): Promise<OperationRecord | null> {
      const row = await db
        .updateTable("operations")
        .set({ runner, held_until: until })
        .where("id", "=", id)
        .where("is_open", "=", 1)
        .where("held_until", "<=", now)
        .returning(["body", "stop_asked"])
        .executeTakeFirst();
      return row ? parse(row) : null;
    },

    /**
     * Saves its progress. @returns whether an operator wants to stop it; `null` if another process has taken it over
     */
    async save(operation: OperationRecord, runner: string, until: number): Promise<boolean | null> {
      const row = await db
        .updateTable("operations")
        .set({ ...columns(operation), held_until: until })
        .where("id", "=", operation.id)
        .where("runner", "=", runner)
        .where("is_open", "=", 1)
        .returning("stop_asked")
        .executeTakeFirst();
      return row ? row.stop_asked === 1 : null;
    },

    /** @returns whether it was open */
    async askToStop(id: string): Promise<boolean> {
      const changed = await db
        .updateTable("operations")
        .set({ stop_asked: 1 })
        .where("id", "=", id)
        .where("is_open", "=", 1)
        .executeTakeFirst();
      return changed.numUpdatedRows === 1n;
    },

    /** Starts an operation that was only counted. @returns whether it was only counted */
    async start(operation: OperationRecord): Promise<boolean> {
      const changed = await db
        .updateTable("operations")
        .set({ ...columns(operation), stop_asked: 0, runner: null, held_until: 0 })
        .where("id", "=", operation.id)
        .where("is_open", "=", 0)
        .executeTakeFirst();
      return changed.numUpdatedRows === 1n;
    },

    /** Deletes ended operations past their retention. Ids begin with their time. */
    async prune(firstKept: string): Promise<void> {
      await db.deleteFrom("operations").where("is_open", "=", 0).where("id", "<", firstKept).execute();
      await db.deleteFrom("replays").where("operation_id", "<", firstKept).execute();
    },

    /** Records that a job replays another one. */
    async keepReplay(replay: ReplayRow): Promise<void> {
      await db
        .insertInto("replays")
        .values(replay)
        .onConflict((known) => known.doNothing())
        .execute();
    },

    /** The job that this one replays, and those that replay it. */
    async replaysOf(jobId: string): Promise<ReplayRow[]> {
      return db
        .selectFrom("replays")
        .selectAll()
        .where((or) => or.or([or("job_id", "=", jobId), or("from_job_id", "=", jobId)]))
        .orderBy("job_id")
        .limit(100)
        .execute();
    },
  };
}
