import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { PlaceData } from "../place.ts";
import type { Records } from "../records/open.ts";
import { kinds, server, type TestRecords, testRecords } from "../records/testing.ts";
import { named } from "../search/search.ts";
import { decideAll, type Report } from "./decide.ts";
import { DAY_MS, limits } from "./limits.ts";
import { moderate } from "./moderate.ts";

const photo = (hash: string) => ({ hash, turned: [hash, hash.split("").toReversed().join("")] });
let numbers = 0;

/** A report far from all others, unless the test specifies a position. */
function report(
  owner: string,
  place: Partial<PlaceData> & { name: string },
  more: Partial<Report> = {},
): Report {
  numbers += 1;
  const spot = { lat: 35 + (numbers % 300) / 100, lon: 127 + Math.floor(numbers / 300) / 100 };
  const data = { category: "park" as const, ...spot, ...place };
  return { id: `job-${numbers}.0`, owner, place: data, photo: null, against: [], ...more };
}

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

  /** Skips the test if there is no server. */
  const check = (name: string, run: () => Promise<void>) =>
    test(name, (ctx) => (isLacking ? ctx.skip("missing: PostgreSQL (MILLRACE_TEST_POSTGRES)") : run()));
  const one = async (given: Report) => (await decideAll(records, [given]))[0]!;
  const found = async (text: string) => (await named(records, { text })).map(({ name }) => name);

  check("two reports accept a place, which is found from then on", async () => {
    const spot = { lat: 37.51, lon: 127.01 };
    const first = await one(report("ann", { name: "달빛 놀이터", ...spot }));
    expect(first).toMatchObject({ verdict: "pending", reasons: ["first_report"] });
    expect(await found("달빛 놀이터")).toEqual([]);
    const again = await one(report("ann", { name: "달빛놀이터", ...spot }));
    expect(again).toEqual({ verdict: "duplicate", reasons: ["own_report"], placeId: first.placeId });
    const second = await one(report("bob", { name: "달빛 놀이타", lat: 37.5103, lon: 127.0101 }));
    expect(second).toEqual({ verdict: "accepted", reasons: ["confirmed"], placeId: first.placeId });
    expect(await found("달빛 놀이터")).toEqual(["달빛 놀이터"]);
    const third = await one(report("cid", { name: "달빛 놀이터", ...spot }));
    expect(third).toMatchObject({ verdict: "duplicate", reasons: ["known_place"] });
  });

  check("what is further than 50 m away, or has another name, is another place", async () => {
    const spot = { lat: 37.6, lon: 127.2 };
    await one(report("ann", { name: "Pine Gate", ...spot }));
    const far = await one(report("bob", { name: "Pine Gate", lat: 37.6005, lon: 127.2 }));
    const other = await one(report("bob", { name: "Oak Hall", ...spot }));
    expect([far.verdict, other.verdict]).toEqual(["pending", "pending"]);
  });

  check("the same photo is no second report, under any name, mirrored or re-encoded", async () => {
    const spot = { lat: 37.7, lon: 127.3 };
    const first = await one(
      report("ann", { name: "Lily Pond", ...spot }, { photo: photo("00ff00ff00ff00f1") }),
    );
    const same = { verdict: "duplicate", reasons: ["same_photo"], placeId: first.placeId };
    const copied = report("bob", { name: "Lily Pond", ...spot }, { photo: photo("00ff00ff00ff00f0") });
    expect(await one(copied)).toEqual(same);
    const renamed = report("bob", { name: "Fish Lake", ...spot }, { photo: photo("1f00ff00ff00ff00") });
    expect(await one(renamed)).toEqual(same);
    const real = report("bob", { name: "Lily Pond", ...spot }, { photo: photo("a5a5123498765432") });
    expect((await one(real)).verdict).toBe("accepted");
  });

  check("reports of one place at the same moment are a first and a second", async () => {
    const spot = { lat: 37.8, lon: 127.4 };
    const all = await Promise.all(
      ["ann", "bob", "cid", "dan"].map((owner) => one(report(owner, { name: "Swing Park", ...spot }))),
    );
    expect(all.map(({ verdict }) => verdict).sort()).toEqual([
      "accepted",
      "duplicate",
      "duplicate",
      "pending",
    ]);
    expect(new Set(all.map(({ placeId }) => placeId)).size).toBe(1);
  });

  check("a task that runs again gets the answer of the first time", async () => {
    const given = report("ann", { name: "Clock Tower" });
    const first = await one(given);
    expect(await one(given)).toEqual(first);
  });

  check("what the steps before have found refuses a report", async () => {
    const given = report("ann", { name: "Casino bonus" }, { against: ["spam_words", "bad_link"] });
    expect(await one(given)).toEqual({
      verdict: "refused",
      reasons: ["spam_words", "bad_link"],
      placeId: null,
    });
  });

  check("a user's quota holds for a day", async () => {
    const many = Array.from({ length: limits.userReports + 2 }, (_, n) =>
      report("eve", { name: `Eve's place ${n}` }),
    );
    const verdicts = (await decideAll(records, many)).map(({ verdict }) => verdict);
    expect(verdicts).toEqual([...Array(limits.userReports).fill("pending"), "refused", "refused"]);
    await records.db
      .updateTable("report")
      .set((of) => ({ created_at: of("created_at", "-", DAY_MS + 1) }))
      .where("owner", "=", "eve")
      .execute();
    expect((await one(report("eve", { name: "Eve's next" }))).verdict).toBe("pending");
  });

  check("beyond a cell's quota nothing is lost: a moderator decides", async () => {
    const at = (n: number) => ({
      lat: 36.5001 + Math.floor(n / 10) * 0.0009,
      lon: 128.5001 + (n % 10) * 0.0009,
    });
    const many = Array.from({ length: limits.cellPlaces + 1 }, (_, n) =>
      report(`user ${n}`, { name: `Stall ${n}`, ...at(n) }),
    );
    const decisions = await decideAll(records, many);
    expect(decisions.at(-2)!.verdict).toBe("pending");
    const last = decisions.at(-1)!;
    expect(last).toMatchObject({ verdict: "held", reasons: ["cell_quota"] });
    const spot = at(limits.cellPlaces);
    expect((await one(report("zoe", { name: `Stall ${limits.cellPlaces}`, ...spot }))).verdict).toBe("held");
    expect(await moderate(records, last.placeId!, true)).toBe("accepted");
    expect(await found(`Stall ${limits.cellPlaces}`)).toContain(`Stall ${limits.cellPlaces}`);
  });

  check("a moderator rejects for good", async () => {
    const spot = { lat: 36.9, lon: 128.9 };
    const { placeId } = await one(report("ann", { name: "Not a place", ...spot }));
    expect(await moderate(records, placeId!, false)).toBe("rejected");
    expect(await moderate(records, placeId!, true)).toBe("unchanged");
    expect(await one(report("bob", { name: "Not a place", ...spot }))).toMatchObject({
      verdict: "refused",
      reasons: ["rejected_before"],
    });
    expect(await found("Not a place")).toEqual([]);
  });
});
