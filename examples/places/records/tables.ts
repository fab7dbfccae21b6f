import type { Generated, Insertable, Selectable } from "kysely";

/** Times are in ms since the epoch, by the database's clock. */
export interface Tables {
  place: PlaceTable;
  /** Maps records of sources to places. */
  source_record: { source: string; source_id: string; place_id: string };
  report: ReportTable;
  sync: SyncTable;
}

/** `pending`: reported once. `rejected`: by a moderator. `gone`: deleted by its source. */
export type PlaceState = "pending" | "accepted" | "rejected" | "gone";

interface PlaceTable {
  /** Internal key, for the search indexes. */
  n: Generated<number>;
  id: string;
  name: string;
  name_en: string | null;
  /** Both names, normalized for search. See `names/fold.ts`. */
  folded: string;
  category: string;
  lat: number;
  lon: number;
  hours: string | null;
  address: string | null;
  link: string | null;
  state: PlaceState;
  /** 1 if only a moderator can accept it, not a second report. */
  held: number;
  /** Origin: `seed`, `report` or the name of an outside source. */
  origin: string;
  updated_at: number;
}

export type PlaceRow = Selectable<PlaceTable>;
export type NewPlace = Insertable<PlaceTable>;

export type Verdict = "accepted" | "pending" | "held" | "duplicate" | "refused";

interface ReportTable {
  /** Derived from job and item, so that repeating a task does not add another row. */
  id: string;
  owner: string;
  /** The place that the report created, confirmed or repeated. */
  place_id: string | null;
  cell: string;
  /** Perceptual hash of the photo, as 16 hexadecimal digits. */
  photo_hash: string | null;
  verdict: Verdict;
  /** JSON list of codes. */
  reasons: string;
  /** 1 if nobody had reported the place before. */
  is_new: number;
  created_at: number;
}

export type ReportRow = Selectable<ReportTable>;

interface SyncTable {
  source: string;
  /** Start of the next page. `null` before the first one. */
  cursor: string | null;
  /** Numbers of applied pages and records. */
  pages: number;
  records: number;
  /** When the source had no more changes. */
  ended_at: number | null;
}
