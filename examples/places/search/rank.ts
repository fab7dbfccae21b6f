import { metersBetween, type Point } from "../geo/distance.ts";
import { isOpen } from "../hours.ts";
import { fold, trigramsOf } from "../names/fold.ts";
import { likeness } from "../names/same.ts";
import type { Candidate } from "./search-index.ts";

/** A search result. */
export interface Found extends Omit<Candidate, "name_en"> {
  nameEn: string | null;
  /** Distance from the search's position. `null` if it had none. */
  meters: number | null;
  /** `null` if its hours are unknown. */
  isOpen: boolean | null;
}

export interface NearbyFilter {
  center: Point;
  meters: number;
  onlyOpen: boolean;
  at: Date;
  limit: number;
}

/** Minimum fraction of the text's trigrams that a name must contain. */
export const LEAST_SHARED = 0.3;

export function found({ name_en, ...place }: Candidate, from: Point | null, at: Date): Found {
  return {
    ...place,
    nameEn: name_en,
    meters: from && Math.round(metersBetween(from, place)),
    isOpen: isOpen(place.hours, at),
  };
}

/** Nearest first. */
export function rankNearby(candidates: readonly Candidate[], filter: NearbyFilter): Found[] {
  const { center, meters, onlyOpen, at, limit } = filter;
  return candidates
    .map((place) => ({ place, meters: metersBetween(center, place) }))
    .filter((one) => one.meters <= meters && (!onlyOpen || isOpen(one.place.hours, at) === true))
    .sort((a, b) => a.meters - b.meters || byId(a.place, b.place))
    .slice(0, limit)
    .map(({ place }) => found(place, center, at));
}

/** Most similar first, then nearest. */
export function rankNamed(
  candidates: readonly Candidate[],
  text: string,
  options: { near: Point | null; at: Date; limit: number },
): Found[] {
  const folded = fold(text);
  const wanted = trigramsOf(folded);
  const meters = (place: Point) => (options.near ? metersBetween(options.near, place) : 0);
  return candidates
    .map((place) => ({ place, score: scoreOf(place, folded, wanted), meters: meters(place) }))
    .sort((a, b) => b.score - a.score || a.meters - b.meters || byId(a.place, b.place))
    .slice(0, options.limit)
    .map(({ place }) => found(place, options.near, options.at));
}

/**
 * Score of the better of a place's two names. Mostly how much of the text the name contains, which finds incomplete
 * names, plus how much of the name the text contains, which ranks an exact name before longer ones.
 */
function scoreOf({ name, name_en }: Candidate, folded: string, wanted: ReadonlySet<string>): number {
  const scores = [name, ...(name_en === null ? [] : [name_en])].map((one) => {
    const other = fold(one);
    const has = trigramsOf(other);
    const shared =
      wanted.size === 0 ? 0 : [...wanted].filter((trigram) => has.has(trigram)).length / wanted.size;
    return 0.7 * shared + 0.3 * likeness(folded, other);
  });
  return Math.max(...scores);
}

function byId(a: { id: string }, b: { id: string }): number {
  return a.id < b.id ? -1 : a.id > b.id ? 1 : 0;
}
