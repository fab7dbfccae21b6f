import type { Point } from "../geo/distance.ts";
import { fold, trigramsOf } from "../names/fold.ts";
import type { Category } from "../place.ts";
import type { Records } from "../records/open.ts";
import { type Found, found, LEAST_SHARED, rankNamed, rankNearby } from "./rank.ts";
import { candidateColumns } from "./search-index.ts";

/** Maximum radius of a search. */
export const MOST_METERS = 50_000;
export const MOST_FOUND = 100;
/** Initial radius, which then grows. In busy areas, the first search finds enough. */
const FIRST_METERS = 500;
const GROWTH = 4;
/** Number of names to compare letter by letter, those with the most common trigrams. */
const COMPARED = 200;
/** Maximum trigrams of a text. Names are not longer. */
const MOST_TRIGRAMS = 40;

export interface Nearby {
  center: Point;
  meters: number;
  category?: Category | undefined;
  onlyOpen?: boolean | undefined;
  at?: Date;
  limit?: number | undefined;
}

/** The nearest places up to a maximum distance. */
export async function nearby({ db, index }: Records, query: Nearby): Promise<Found[]> {
  const { center, category = null, onlyOpen = false, at = new Date(), limit = 50 } = query;
  const most = Math.min(query.meters, MOST_METERS);
  for (let meters = Math.min(most, FIRST_METERS); ; meters = Math.min(most, meters * GROWTH)) {
    const candidates = await index.near(db, center, meters, category);
    const places = rankNearby(candidates, { center, meters, onlyOpen, at, limit });
    // A wider search would start with the same places.
    if (places.length >= limit || meters >= most) return places;
  }
}

export interface Named {
  text: string;
  near?: Point | undefined;
  at?: Date;
  limit?: number | undefined;
}

/** Finds places by name in either language, tolerating typos and incomplete names. */
export async function named({ db, index }: Records, query: Named): Promise<Found[]> {
  const { text, near = null, at = new Date(), limit = 20 } = query;
  const trigrams = [...trigramsOf(fold(text))].slice(0, MOST_TRIGRAMS);
  if (trigrams.length === 0) return [];
  const least = Math.max(1, Math.ceil(trigrams.length * LEAST_SHARED));
  const candidates = await index.named(db, { trigrams, least, limit: COMPARED });
  return rankNamed(candidates, text, { near, at, limit });
}

export async function detail(
  { db }: Records,
  id: string,
  from: Point | null = null,
  at = new Date(),
): Promise<(Found & { origin: string; updatedAt: number }) | null> {
  const row = await db
    .selectFrom("place")
    .select([...candidateColumns, "origin", "updated_at"])
    .where("place.id", "=", id)
    .where("state", "=", "accepted")
    .executeTakeFirst();
  if (!row) return null;
  const { origin, updated_at, ...candidate } = row;
  return { ...found(candidate, from, at), origin, updatedAt: updated_at };
}
