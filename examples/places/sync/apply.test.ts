import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { PlaceData } from "../place.ts";
import type { Records } from "../records/open.ts";
import { kinds, server, type TestRecords, testRecords } from "../records/testing.ts";
import { decideAll } from "../reports/decide.ts";
import { named } from "../search/search.ts";
import { applyPage, cursorOf } from "./apply.ts";

const place = (name: string, lat: number, more: Partial<PlaceData> = {}): PlaceData => ({
  ...{ name, category: "museum", lat, lon: 127.5, ...more },
});

describe.for(kinds)("on %s", (kind) => {
  let own: TestRecords;
  let records: Records;
  const isLacking = kind === "postgres" && server === undefined;

  beforeAll(async () => {
    if (isLacking) return;
    own = await testRecords(kind);
    records = own.records;
  });
  afterAll(async () => {
    await own?.[Symbol.asyncDispose]();
  });
  const check = (name: string, run: () => Promise<void>) =>
    test(name, (ctx) => (isLacking ? ctx.skip("missing: PostgreSQL (MILLRACE_TEST_POSTGRES)") : run()));
  const found = async (text: string) => (await named(records, { text })).map(({ name }) => name);
  let pages = 0;
  /** Applies the next page of a source. */
  async function apply(
    source: string,
    ...entries: ({ id: string; deleted: true } | { id: string; place: unknown })[]
  ) {
    pages += 1;
    const page = { records: entries, next: `c${pages}`, more: false };
    return applyPage(records, source, await cursorOf(records, source), page);
  }

  check("places appear, change, go and come back", async () => {
    await apply(
      "a",
      { id: "1", place: place("Kiln Museum", 36.1) },
      { id: "2", place: place("Loom Hall", 36.2) },
    );
    expect(await found("Kiln Museum")).toEqual(["Kiln Museum"]);
    await apply("a", { id: "1", place: place("Clay Gallery", 36.1) }, { id: "2", deleted: true });
    expect(await found("Kiln Museum")).toEqual([]);
    expect(await found("Clay Gallery")).toEqual(["Clay Gallery"]);
    expect(await found("Loom Hall")).toEqual([]);
    await apply("a", { id: "2", place: place("Loom Hall", 36.2) }, { id: "none", deleted: true });
    expect(await found("Loom Hall")).toEqual(["Loom Hall"]);
  });

  check("a page that another process has applied changes nothing", async () => {
    const first = await cursorOf(records, "b");
    const page = { records: [{ id: "1", place: place("Salt House", 36.3) }], next: "b1", more: true };
    expect(await applyPage(records, "b", first, page)).toEqual({ isNew: true, leftOut: 0 });
    const late = { records: [{ id: "1", deleted: true as const }], next: "b2", more: true };
    expect(await applyPage(records, "b", first, late)).toEqual({ isNew: false, leftOut: 0 });
    expect(await cursorOf(records, "b")).toBe("b1");
    expect(await found("Salt House")).toEqual(["Salt House"]);
  });

  check("a page that fails leaves neither places nor a cursor", async () => {
    const page = { records: [{ id: "1", place: place("Quiet Jetty", 36.4) }], next: "d1", more: true };
    const failing: Records = {
      ...records,
      index: { ...records.index, add: () => Promise.reject(new Error("the disk is full")) },
    };
    await expect(applyPage(failing, "d", null, page)).rejects.toThrow("the disk is full");
    expect(await cursorOf(records, "d")).toBeNull();
    expect(await found("Quiet Jetty")).toEqual([]);
  });

  check("records that are no places of the country are left out, and the others are not", async () => {
    const abroad = place("Far Away", 10);
    const applied = await apply(
      "e",
      { id: "1", place: { name: "x" } },
      { id: "2", place: abroad },
      {
        ...{ id: "3", place: place("Near By", 36.5) },
      },
    );
    expect(applied).toEqual({ isNew: true, leftOut: 2 });
    expect(await found("Near By")).toEqual(["Near By"]);
  });

  check(
    "a place that someone else has brought is not there twice, and stays when the source drops it",
    async () => {
      await apply("f", { id: "1", place: place("Bell Tower", 36.6) });
      await apply("g", { id: "9", place: place("Belltower", 36.6001) });
      expect(await found("Bell Tower")).toEqual(["Bell Tower"]);
      await apply("g", { id: "9", deleted: true });
      expect(await found("Bell Tower")).toEqual(["Bell Tower"]);
      await apply("f", { id: "1", deleted: true });
      expect(await found("Bell Tower")).toEqual([]);
    },
  );

  check("what waits for a second report is confirmed by the source", async () => {
    const data = place("Rope Bridge", 36.7);
    const [first] = await decideAll(records, [
      { id: "r.0", owner: "ann", place: data, photo: null, against: [] },
    ]);
    expect(first!.verdict).toBe("pending");
    await apply("h", { id: "1", place: data });
    const [found] = await named(records, { text: "Rope Bridge" });
    expect(found!.id).toBe(first!.placeId);
  });
});
