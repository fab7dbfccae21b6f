import type { Kysely } from "kysely";
import type { Point } from "../geo/distance.ts";
import type { Change } from "../records/open.ts";
import type { PlaceRow, Tables } from "../records/tables.ts";

/** Fields of a place that ranking needs. */
export type Candidate = Pick<
  PlaceRow,
  "id" | "name" | "name_en" | "category" | "lat" | "lon" | "hours" | "address" | "link"
>;

export const candidateColumns = [
  ...(["id", "name", "name_en", "category", "lat", "lon", "hours", "address", "link"] as const),
].map((column) => `place.${column}` as const);

export interface NameQuery {
  /** Trigrams of the search text. */
  trigrams: readonly string[];
  /** How many of them a place must contain. */
  least: number;
  /** Maximum number of places, preferring those with the most trigrams, then the lowest id. */
  limit: number;
}

/**
 * Finds candidates with the means of its database. Ranking is the same code for all, so an index may find too many
 * places, but must not miss any.
 */
export interface SearchIndex {
  make(change: Change): Promise<void>;
  /** Adds accepted places that are new, or whose names or coordinates have changed. */
  add(change: Change, ids: readonly string[]): Promise<void>;
  remove(change: Change, ids: readonly string[]): Promise<void>;
  /** All accepted places within `meters`, and possibly some farther away. */
  near(db: Kysely<Tables>, center: Point, meters: number, category: string | null): Promise<Candidate[]>;
  named(db: Kysely<Tables>, query: NameQuery): Promise<Candidate[]>;
}
