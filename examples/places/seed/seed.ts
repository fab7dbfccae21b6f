import { readFileSync } from "node:fs";
import papa from "papaparse";
import { type PlaceData, placeId, placeSchema } from "../place.ts";
import type { Records } from "../records/open.ts";
import { rowOf } from "../records/places.ts";

/** Rows of `places.csv` by their id there. Throws if one is invalid. */
export function seedRows(): Map<string, PlaceData> {
  const text = readFileSync(new URL("./places.csv", import.meta.url), "utf8");
  const { data } = papa.parse<Record<string, string>>(text, { header: true, skipEmptyLines: true });
  return new Map(
    data.map(({ id, lat, lon, ...row }) => {
      const filled = Object.entries(row).filter(([, value]) => value !== "");
      return [id!, placeSchema.parse({ ...Object.fromEntries(filled), lat: Number(lat), lon: Number(lon) })];
    }),
  );
}

/** Adds missing places of the seed. Safe to repeat, even by many processes at once. */
export async function seedPlaces(records: Records): Promise<number> {
  const rows = seedRows();
  const { count } = await records.db
    .selectFrom("place")
    .select((of) => of.fn.countAll<number | string>().as("count"))
    .where("origin", "=", "seed")
    .executeTakeFirstOrThrow();
  if (Number(count) >= rows.size) return 0;
  return records.change(async (change, now) => {
    const places = [...rows].map(([id, place]) =>
      rowOf(place, { id: placeId("seed", id), state: "accepted", held: 0, origin: "seed", now }),
    );
    const added = await change
      .insertInto("place")
      .values(places)
      .onConflict((conflict) => conflict.column("id").doNothing())
      .returning("id")
      .execute();
    await records.index.add(
      change,
      added.map(({ id }) => id),
    );
    return added.length;
  });
}
