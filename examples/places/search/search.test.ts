import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { metersBetween } from "../geo/distance.ts";
import { isOpen } from "../hours.ts";
import { categories, type PlaceData, placeId } from "../place.ts";
import type { Records } from "../records/open.ts";
import { rowOf } from "../records/places.ts";
import { type Kind, kinds, server, type TestRecords, testRecords } from "../records/testing.ts";
import { seedPlaces, seedRows } from "../seed/seed.ts";
import { detail, named, nearby } from "./search.ts";

/** A Tuesday noon in Seoul. */
const at = new Date("2026-03-03T12:00:00+09:00");
const opened: Partial<Record<Kind, TestRecords>> = {};
const usable = kinds.filter((kind) => kind === "sqlite" || server !== undefined);
const made = madePlaces(1_500);

beforeAll(async () => {
  for (const kind of usable) {
    const own = await testRecords(kind);
    opened[kind] = own;
    expect(await seedPlaces(own.records)).toBe(seedRows().size);
    expect(await seedPlaces(own.records)).toBe(0);
    await insert(own.records, made);
  }
});
afterAll(async () => {
  for (const own of Object.values(opened)) await own[Symbol.asyncDispose]();
});

const of = (kind: Kind) => opened[kind]!.records;

/** Invented places around Seoul, some at the same spot, many with common words. */
function madePlaces(count: number): PlaceData[] {
  let seed = 7;
  const next = (most: number) => {
    seed = (seed * 48_271) % 2_147_483_647;
    return seed % most;
  };
  const firsts = ["푸른", "새벽", "은하", "Maple", "Harbor", "Silver", "한빛", "River"];
  const seconds = ["공원", "시장", "도서관", "Park", "Market", "Library", "놀이터", "Plaza"];
  return Array.from({ length: count }, (_, n) => ({
    name: `${firsts[next(8)]} ${seconds[next(8)]} ${n}`,
    ...(next(3) === 0 && { nameEn: `Made ${seconds[3 + next(3)]} ${n}` }),
    category: categories[next(categories.length)]!,
    lat: Number((37.4 + next(300) / 1_000).toFixed(3)),
    lon: Number((126.8 + next(300) / 1_000).toFixed(3)),
    ...(next(2) === 0 && { hours: ["24/7", "Mo-Fr 09:00-18:00", "Sa,Su 10:00-20:00"][next(3)]! }),
  }));
}

async function insert(records: Records, places: readonly PlaceData[]): Promise<void> {
  await records.change(async (change, now) => {
    const rows = places.map((place, n) =>
      rowOf(place, { id: placeId("made", String(n)), state: "accepted", held: 0, origin: "made", now }),
    );
    for (let from = 0; from < rows.length; from += 500) {
      const part = rows.slice(from, from + 500);
      await change.insertInto("place").values(part).execute();
      await records.index.add(
        change,
        part.map(({ id }) => id),
      );
    }
  });
}

test.for(kinds)("%s finds what is near, as a look at every place does", async (kind, ctx) => {
  if (!usable.includes(kind)) return ctx.skip("missing: PostgreSQL (MILLRACE_TEST_POSTGRES)");
  const all = await of(kind).db.selectFrom("place").selectAll().execute();
  for (const { lat, lon, meters, category, onlyOpen, limit } of [
    { lat: 37.55, lon: 126.95, meters: 700, category: undefined, onlyOpen: false, limit: 100 },
    { lat: 37.6, lon: 127, meters: 5_000, category: "park" as const, onlyOpen: true, limit: 100 },
    { lat: 37.4, lon: 126.8, meters: 50_000, category: undefined, onlyOpen: true, limit: 7 },
    { lat: 33.4, lon: 126.5, meters: 50_000, category: "beach" as const, onlyOpen: false, limit: 10 },
    { lat: 36, lon: 131, meters: 50_000, category: undefined, onlyOpen: false, limit: 10 },
  ]) {
    const center = { lat, lon };
    const expected = all
      .map((row) => ({ row, away: metersBetween(center, row) }))
      .filter(({ row, away }) => away <= meters && (category === undefined || row.category === category))
      .filter(({ row }) => !onlyOpen || isOpen(row.hours, at) === true)
      .sort((a, b) => a.away - b.away || (a.row.id < b.row.id ? -1 : 1))
      .slice(0, limit)
      .map(({ row }) => row.id);
    const found = await nearby(of(kind), { center, meters, category, onlyOpen, limit, at });
    expect(found.map(({ id }) => id)).toEqual(expected);
  }
});

test.each([
  ["경복궁", "경복궁"],
  ["경북궁", "경복궁"],
  ["gyeongbukgung", "경복궁"],
  ["Gyeongbok", "경복궁"],
  ["rudqhrrnd", "경복궁"],
  ["중앙 박물관", "국립중앙박물관"],
  ["natoinal museum of korea", "국립중앙박물관"],
  ["해운데 해수욕장", "해운대해수욕장"],
  ["Haeundae Baech", "해운대해수욕장"],
  ["busan station", "부산역"],
  ["부산역", "부산역"],
  ["seoul forest", "서울숲"],
])("%s finds %s", async (text, name) => {
  for (const kind of usable) expect((await named(of(kind), { text, at }))[0]?.name).toBe(name);
});

test("nothing is found for signs, and for names that nothing is like", async () => {
  for (const kind of usable) {
    expect(await named(of(kind), { text: "?!", at })).toEqual([]);
    expect(await named(of(kind), { text: "zzqqxxyyww", at })).toEqual([]);
  }
});

test("of equally alike names the nearer one is first", async () => {
  const near = { lat: 37.45, lon: 126.85 };
  for (const kind of usable) {
    const found = await named(of(kind), { text: "gyeongbokgung", near, at });
    expect(found[0]).toMatchObject({ name: "경복궁", isOpen: false });
    expect(found[0]!.meters).toBeGreaterThan(15_000);
  }
});

test("a place has a detail when it is accepted, and none otherwise", async () => {
  const id = placeId("seed", "seoul-station");
  for (const kind of usable) {
    expect(await detail(of(kind), id, null, at)).toMatchObject({
      name: "서울역",
      isOpen: true,
      origin: "seed",
    });
    expect(await detail(of(kind), "none")).toBeNull();
  }
});

test("both databases give the same answers", async (ctx) => {
  if (!usable.includes("postgres")) return ctx.skip("missing: PostgreSQL (MILLRACE_TEST_POSTGRES)");
  const [one, other] = [of("sqlite"), of("postgres")];
  const pool = [...seedRows().values(), ...made.slice(0, 200)].flatMap(({ name, nameEn }) => [
    name,
    nameEn ?? name,
  ]);
  const mistyped = fc
    .tuple(fc.constantFrom(...pool), fc.nat(30), fc.constantFrom("", "x", "ㅏ", "한", " "))
    .map(
      ([name, where, letter]) =>
        name.slice(0, where % name.length) + letter + name.slice((where % name.length) + 1),
    );
  const point = fc.record({
    lat: fc.oneof(fc.constantFrom(37.5, 37.55), fc.double({ min: 33, max: 38.6, noNaN: true })),
    lon: fc.oneof(fc.constantFrom(126.9, 127), fc.double({ min: 124.6, max: 131.9, noNaN: true })),
  });
  const limit = fc.integer({ min: 1, max: 100 });
  const near = fc.record({
    center: point,
    meters: fc.oneof(fc.constantFrom(1, 50, 50_000), fc.double({ min: 1, max: 50_000, noNaN: true })),
    category: fc.option(fc.constantFrom(...categories), { nil: undefined }),
    ...{ onlyOpen: fc.boolean(), limit },
  });
  const byName = fc.record({
    text: fc.oneof(
      mistyped,
      fc.string({ minLength: 1, maxLength: 20 }),
      fc.constantFrom("공", "p", "park", "도서관"),
    ),
    ...{ near: fc.option(point, { nil: undefined }), limit },
  });
  await fc.assert(
    fc.asyncProperty(near, byName, async (nearQuery, nameQuery) => {
      expect(await nearby(other, { ...nearQuery, at })).toEqual(await nearby(one, { ...nearQuery, at }));
      expect(await named(other, { ...nameQuery, at })).toEqual(await named(one, { ...nameQuery, at }));
    }),
    { numRuns: 100 },
  );
});
