import { sql } from "kysely";
import type { ScheduleRecord } from "../domain/schedules.ts";
import type { Database } from "../ports/database.ts";
import type { Tables } from "./tables.ts";

export interface ScheduleQuery {
  /** `null`: of any owner. */
  owner: string | null;
  id: string;
}

export type ScheduleRecords = ReturnType<typeof scheduleRecords>;

/** Records of schedules, which create jobs at scheduled times. */
export function scheduleRecords({ db, batch }: Database<Tables>) {
  const find = async ({ owner, id }: ScheduleQuery): Promise<string | null> => {
    let query = db.selectFrom("schedules").select("body").where("id", "=", id);
    if (owner !== null) query = query.where("owner", "=", owner);
    return (await query.executeTakeFirst())?.body ?? null;
  };

  return {
    /** Records a new schedule, unless its owner already has `most`; repeating it changes nothing. */
    async create(schedule: ScheduleRecord, most: number): Promise<boolean> {
      const others = db
        .selectFrom("schedules")
        .select((count) => count.fn.countAll<number>().as("n"))
        .where("owner", "=", schedule.owner);
      const { n } = await others.executeTakeFirstOrThrow();
      if (n >= most) return false;
      const row = rowOf(schedule);
      await batch([
        db
          .insertInto("schedules")
          .values(row)
          .onConflict((taken) => taken.doNothing()),
      ]);
      return true;
    },

    async get(query: ScheduleQuery): Promise<ScheduleRecord | null> {
      const body = await find(query);
      return body === null ? null : parse(body);
    },

    /** Ordered by id; `after` is the last one on the previous page. `owner: null`: of all owners. */
    async list(query: { owner: string | null; after?: string; limit: number }): Promise<ScheduleRecord[]> {
      let rows = db.selectFrom("schedules").select("body").orderBy("id").limit(query.limit);
      if (query.owner !== null) rows = rows.where("owner", "=", query.owner);
      if (query.after !== undefined) rows = rows.where("id", ">", query.after);
      return (await rows.execute()).map(({ body }) => parse(body));
    },

    /** Due schedules of these pipelines, the longest overdue first. Omits their bodies, because there may be many. */
    async due(query: {
      now: number;
      pipelines: readonly string[];
      limit: number;
    }): Promise<Pick<ScheduleRecord, "id" | "owner">[]> {
      if (query.pipelines.length === 0) return [];
      return db
        .selectFrom("schedules")
        .select(["id", "owner"])
        .where("due_at", "<=", query.now)
        .where("pipeline", "in", query.pipelines)
        .orderBy("due_at")
        .orderBy("id")
        .limit(query.limit)
        .execute();
    },

    /**
     * Changes a schedule based on its current state: `change` is called again if another change interferes. It returns
     * `null` to leave the record unchanged.
     */
    async update(
      query: ScheduleQuery,
      change: (schedule: ScheduleRecord) => ScheduleRecord | null,
    ): Promise<ScheduleRecord | null> {
      for (;;) {
        const before = await find(query);
        if (before === null) return null;
        const changed = change(parse(before));
        if (changed === null) return parse(before);
        const { pipeline, due_at, body } = rowOf(changed);
        const done = await db
          .updateTable("schedules")
          .set({ pipeline, due_at, body })
          .where("id", "=", query.id)
          .where(bodyText, "=", before)
          .executeTakeFirstOrThrow();
        if (done.numUpdatedRows === 1n) return changed;
      }
    },

    async remove({ owner, id }: ScheduleQuery): Promise<boolean> {
      let query = db.deleteFrom("schedules").where("id", "=", id);
      if (owner !== null) query = query.where("owner", "=", owner);
      return (await query.executeTakeFirstOrThrow()).numDeletedRows === 1n;
    },
  };
}

/** PostgreSQL cannot compare `json` values, but it keeps their text unchanged, which it can. */
const bodyText = sql<string>`cast(body as text)`;

function rowOf(schedule: ScheduleRecord) {
  const { id, owner, pipeline, dueAt } = schedule;
  return { id, owner, pipeline, due_at: dueAt, body: JSON.stringify(schedule) };
}

function parse(body: string): ScheduleRecord {
  return JSON.parse(body) as ScheduleRecord;
}
