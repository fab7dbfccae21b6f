import { isInside } from "../geo/country.ts";
import { isSameName } from "../names/same.ts";
import { type PlaceData, placeId } from "../place.ts";
import type { Change, Records } from "../records/open.ts";
import { accept, placesAt, rowOf } from "../records/places.ts";
import type { PlaceRow } from "../records/tables.ts";
import { type Page, placeOf } from "./source.ts";

export interface Applied {
  /** `false` if another process has already applied the page. */
  isNew: boolean;
  /** Number of invalid records, which were skipped. */
  leftOut: number;
}

export async function cursorOf({ db }: Records, source: string): Promise<string | null> {
  const row = await db.selectFrom("sync").select("cursor").where("source", "=", source).executeTakeFirst();
  return row?.cursor ?? null;
}

/**
 * Writes a page and the next cursor in one change, so that a crash either changes nothing or continues after the page.
 * If the cursor differs from the current one, the page was already applied.
 */
export function applyPage(
  records: Records,
  source: string,
  cursor: string | null,
  page: Page,
): Promise<Applied> {
  return records.change(async (change, now) => {
    await change
      .insertInto("sync")
      .values({ source, cursor: null, pages: 0, records: 0, ended_at: null })
      .onConflict((conflict) => conflict.column("source").doNothing())
      .execute();
    const moved = await change
      .updateTable("sync")
      .set((of) => ({
        cursor: page.next,
        pages: of("pages", "+", 1),
        records: of("records", "+", page.records.length),
        ended_at: page.more ? null : now,
      }))
      .where("source", "=", source)
      .where("cursor", cursor === null ? "is" : "=", cursor)
      .executeTakeFirst();
    if (moved.numUpdatedRows === 0n) return { isNew: false, leftOut: 0 };
    const scope = { change, index: records.index, source, now };
    let leftOut = 0;
    for (const record of page.records) {
      if (record.deleted) await forget(scope, record.id);
      else {
        const place = placeOf(record);
        if (place && isInside(place)) await put(scope, record.id, place);
        else leftOut += 1;
      }
    }
    return { isNew: true, leftOut };
  });
}

interface Scope {
  change: Change;
  index: Records["index"];
  source: string;
  now: number;
}

/** Adds or changes a place. A place that others have added is neither duplicated nor changed. */
async function put({ change, index, source, now }: Scope, sourceId: string, place: PlaceData): Promise<void> {
  const known = await placeIdOf(change, source, sourceId);
  const same = known === undefined ? await sameOf(change, place, source) : undefined;
  const id = known ?? same?.id ?? placeId(source, sourceId);
  if (known === undefined) {
    await change.insertInto("source_record").values({ source, source_id: sourceId, place_id: id }).execute();
  }
  if (same?.state === "pending") await accept({ change, index, now }, id);
  const row = rowOf(place, { id, state: "accepted", held: 0, origin: source, now });
  const written = await change
    .insertInto("place")
    .values(row)
    .onConflict((conflict) => conflict.column("id").doUpdateSet(row).where("place.origin", "=", source))
    .executeTakeFirst();
  if (written.numInsertedOrUpdatedRows === 1n) await index.add(change, [id]);
}

/** Another source's place with the same name at the same spot. A pending one is accepted, because this confirms it. */
async function sameOf(change: Change, place: PlaceData, source: string): Promise<PlaceRow | undefined> {
  const rows = await placesAt(change, place);
  return rows.find(
    ({ state, origin, name }) => state !== "rejected" && origin !== source && isSameName(name, place.name),
  );
}

/** Removes a place that only this source has confirmed. */
async function forget({ change, index, source, now }: Scope, sourceId: string): Promise<void> {
  const id = await placeIdOf(change, source, sourceId);
  if (id === undefined) return;
  await change
    .deleteFrom("source_record")
    .where("source", "=", source)
    .where("source_id", "=", sourceId)
    .execute();
  const gone = await change
    .updateTable("place")
    .set({ state: "gone", updated_at: now })
    .where("id", "=", id)
    .where("origin", "=", source)
    .executeTakeFirst();
  if (gone.numUpdatedRows === 1n) await index.remove(change, [id]);
}

async function placeIdOf(change: Change, source: string, sourceId: string): Promise<string | undefined> {
  const row = await change
    .selectFrom("source_record")
    .select("place_id")
    .where("source", "=", source)
    .where("source_id", "=", sourceId)
    .executeTakeFirst();
  return row?.place_id;
}
