import { boxAround, metersBetween, type Point } from "../geo/distance.ts";
import { fold, padded } from "../names/fold.ts";
import type { PlaceData } from "../place.ts";
import type { SearchIndex } from "../search/search-index.ts";
import type { Change } from "./open.ts";
import type { NewPlace, PlaceRow } from "./tables.ts";

/** Within this distance, the same name means the same place. */
export const SAME_PLACE_M = 50;

export type Kept = Pick<NewPlace, "id" | "state" | "held" | "origin"> & { now: number };

export function rowOf(data: PlaceData, { now, ...kept }: Kept): NewPlace {
  const { name, nameEn = null, category, lat, lon, hours = null, address = null, link = null } = data;
  const folded = padded(fold(name)) + padded(nameEn === null ? "" : fold(nameEn));
  return {
    name,
    name_en: nameEn,
    folded,
    category,
    lat,
    lon,
    hours,
    address,
    link,
    updated_at: now,
    ...kept,
  };
}

/** Places within 50 m, nearest first, in any state except `gone`. */
export async function placesAt(change: Change, point: Point): Promise<PlaceRow[]> {
  const { south, north, west, east } = boxAround(point, SAME_PLACE_M);
  const rows = await change
    .selectFrom("place")
    .selectAll()
    .where("lat", ">=", south)
    .where("lat", "<=", north)
    .where("lon", ">=", west)
    .where("lon", "<=", east)
    .where("state", "!=", "gone")
    .execute();
  return rows
    .map((row) => ({ row, meters: metersBetween(point, row) }))
    .filter(({ meters }) => meters <= SAME_PLACE_M)
    .sort((a, b) => a.meters - b.meters)
    .map(({ row }) => row);
}

/** Accepts a place, so that searches find it. */
export async function accept(
  { change, index, now }: { change: Change; index: SearchIndex; now: number },
  id: string,
): Promise<void> {
  await change
    .updateTable("place")
    .set({ state: "accepted", held: 0, updated_at: now })
    .where("id", "=", id)
    .execute();
  await index.add(change, [id]);
}
