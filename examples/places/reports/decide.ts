import { hashDistance, type PerceptualHash } from "millrace";
import { cellOf } from "../geo/distance.ts";
import { isSameName } from "../names/same.ts";
import { type PlaceData, placeId } from "../place.ts";
import type { Change, Records } from "../records/open.ts";
import { accept, placesAt, rowOf } from "../records/places.ts";
import type { PlaceRow, Verdict } from "../records/tables.ts";
import { DAY_MS, limits } from "./limits.ts";
import type { Reason } from "./reasons.ts";

export interface Report {
  /** Derived from job and item. */
  id: string;
  owner: string;
  place: PlaceData;
  /** Hash of the photo. `null` if there is none, or one too plain to be distinguished from others. */
  photo: PerceptualHash | null;
  /** Objections of earlier steps. */
  against: readonly Reason[];
}

export interface Decision {
  verdict: Verdict;
  reasons: Reason[];
  placeId: string | null;
}

/**
 * Decides reports one after the other in a single change, so that of two simultaneous reports of the same place, one is
 * the first and one the second. Reports that were already decided get the same answer.
 */
export function decideAll(records: Records, reports: readonly Report[]): Promise<Decision[]> {
  return records.change(async (change, now) => {
    const decisions: Decision[] = [];
    for (const report of reports) {
      const known = await decided(change, report.id);
      decisions.push(known ?? (await decide({ change, now, index: records.index }, report)));
    }
    return decisions;
  });
}

async function decided(change: Change, id: string): Promise<Decision | null> {
  const row = await change.selectFrom("report").selectAll().where("id", "=", id).executeTakeFirst();
  return row ? { verdict: row.verdict, reasons: JSON.parse(row.reasons), placeId: row.place_id } : null;
}

interface Scope {
  change: Change;
  now: number;
  index: Records["index"];
}

async function decide(scope: Scope, report: Report): Promise<Decision> {
  const { decision, isNew } = await judge(scope, report);
  await scope.change
    .insertInto("report")
    .values({
      ...{ id: report.id, owner: report.owner, place_id: decision.placeId, cell: cellOf(report.place) },
      ...{
        photo_hash: report.photo?.hash ?? null,
        verdict: decision.verdict,
        reasons: JSON.stringify(decision.reasons),
      },
      ...{ is_new: isNew ? 1 : 0, created_at: scope.now },
    })
    .execute();
  return decision;
}

interface Judged {
  decision: Decision;
  /** Whether nobody had reported the place before. */
  isNew?: boolean;
}

const of = (verdict: Verdict, reason: Reason, place: string | null = null): Judged => ({
  decision: { verdict, reasons: [reason], placeId: place },
});

async function judge(scope: Scope, report: Report): Promise<Judged> {
  if (await isUserQuotaUsed(scope, report.owner)) return of("refused", "user_quota");
  if (report.against.length > 0) {
    return { decision: { verdict: "refused", reasons: [...report.against], placeId: null } };
  }
  const same = await sameAs(scope.change, report);
  if (same) return repeated(scope, report, same);
  return { ...(await first(scope, report)), isNew: true };
}

/** The place within 50 m with the same name or the same photo. */
async function sameAs(change: Change, { place, photo }: Report): Promise<PlaceRow | undefined> {
  const near = await placesAt(change, place);
  const names = (row: PlaceRow) => [row.name, ...(row.name_en === null ? [] : [row.name_en])];
  const given = [place.name, ...(place.nameEn === undefined ? [] : [place.nameEn])];
  const byName = near.find((row) => given.some((one) => names(row).some((other) => isSameName(one, other))));
  if (byName || photo === null) return byName;
  for (const row of near) if (await hasPhoto(change, row.id, photo)) return row;
  return undefined;
}

/** Whether a report of the place has the same photo, possibly mirrored or rotated. */
async function hasPhoto(change: Change, place: string, { turned }: PerceptualHash): Promise<boolean> {
  const rows = await change
    .selectFrom("report")
    .select("photo_hash")
    .where("place_id", "=", place)
    .where("photo_hash", "is not", null)
    .execute();
  return rows.some((row) => turned.some((hash) => hashDistance(row.photo_hash!, hash) <= limits.photoBits));
}

/** Decides a report of a place that is already known or reported. */
async function repeated(scope: Scope, report: Report, place: PlaceRow): Promise<Judged> {
  const { change } = scope;
  if (place.state === "accepted") return of("duplicate", "known_place", place.id);
  if (place.state === "rejected") return of("refused", "rejected_before", place.id);
  const own = await change
    .selectFrom("report")
    .select("id")
    .where("place_id", "=", place.id)
    .where("owner", "=", report.owner)
    // A user who has sent a copy of the place's photo may still confirm it with another one.
    .where("is_new", "=", 1)
    .executeTakeFirst();
  if (own) return of("duplicate", "own_report", place.id);
  if (report.photo !== null && (await hasPhoto(change, place.id, report.photo))) {
    return of("duplicate", "same_photo", place.id);
  }
  if (place.held === 1) return of("held", "cell_quota", place.id);
  await accept(scope, place.id);
  return of("accepted", "confirmed", place.id);
}

async function first({ change, now }: Scope, { id, place }: Report): Promise<Judged> {
  const isHeld = await isCellQuotaUsed(change, cellOf(place), now);
  const row = rowOf(place, {
    ...{ id: placeId("report", id), state: "pending", held: isHeld ? 1 : 0, origin: "report", now },
  });
  await change.insertInto("place").values(row).execute();
  return isHeld ? of("held", "cell_quota", row.id) : of("pending", "first_report", row.id);
}

async function isUserQuotaUsed({ change, now }: Scope, owner: string): Promise<boolean> {
  const { count } = await change
    .selectFrom("report")
    .select((of) => of.fn.countAll<number | string>().as("count"))
    .where("owner", "=", owner)
    .where("created_at", ">", now - DAY_MS)
    // Reports rejected for the quota do not count toward it.
    .where("reasons", "!=", JSON.stringify(["user_quota"]))
    .executeTakeFirstOrThrow();
  return Number(count) >= limits.userReports;
}

async function isCellQuotaUsed(change: Change, cell: string, now: number): Promise<boolean> {
  const { count } = await change
    .selectFrom("report")
    .select((of) => of.fn.countAll<number | string>().as("count"))
    .where("cell", "=", cell)
    .where("is_new", "=", 1)
    .where("created_at", ">", now - DAY_MS)
    .executeTakeFirstOrThrow();
  return Number(count) >= limits.cellPlaces;
}
