import { expect, onTestFinished, test } from "vitest";
import { z } from "zod";
import { sqliteBus } from "../../adapters/sqlite/bus.ts";
import { connectWriter } from "../../adapters/sqlite/client.ts";
import { sqliteDatabase } from "../../adapters/sqlite/database.ts";
import { testWriter } from "../../adapters/sqlite/testing.ts";
import { choreRecords } from "../../database/chores.ts";
import { type CatalogOptions, defineCatalog } from "../../pipeline/catalog.ts";
import { collectWrites, type OwnWrites } from "../../replica/own-writes.ts";
import { createReplica } from "../../replica/replica.ts";
import { sleep } from "../../testing/wait.ts";
import { createCatalogs } from "./catalogs.ts";

const schema = z.object({ title: z.string(), level: z.int().default(1) });

/** @param n number of processes */
async function open(n: number, options: Partial<CatalogOptions<typeof schema>> = {}) {
  const { socketPath, close } = await testWriter({ publishes: false });
  onTestFinished(close);
  return Promise.all(
    Array.from({ length: n }, async () => {
      const database = sqliteDatabase(await connectWriter(socketPath));
      const bus = sqliteBus(await connectWriter(socketPath));
      const replica = createReplica({ database, bus, now: Date.now });
      const catalog = defineCatalog({ name: "characters", schema, ...options });
      const parts = { replica, chores: choreRecords(database), now: Date.now };
      const catalogs = createCatalogs([catalog, catalog], parts);
      await replica.start();
      onTestFinished(async () => {
        await replica.close();
        await bus.close();
        await database.close();
      });
      return { replica, catalog: catalogs.get("characters"), catalogs };
    }),
  );
}

test("an entry that was written is there in every process, with the schema's defaults", async () => {
  const [first, second] = await open(2);
  const writes: OwnWrites = new Map();
  const value = await collectWrites(writes, () => first!.catalog.put("robin", { title: "Robin" }));
  expect(value).toEqual({ title: "Robin", level: 1 });
  await second!.replica.waitFor("catalog.characters", writes.get("catalog.characters")!, 1_000);
  expect(await second!.catalog.lookup("robin")).toEqual({ title: "Robin", level: 1 });
  await first!.catalog.put("ant", { title: "Ant", level: 7 });
  expect(first!.catalog.list({ limit: 10 }).map(([key]) => key)).toEqual(["ant", "robin"]);
  expect(first!.catalog.list({ after: "ant", limit: 10 })).toHaveLength(1);
  await first!.catalog.remove("ant");
  expect(await first!.catalog.lookup("ant")).toBeUndefined();
  expect([first!.catalog.size(), first!.catalog.isStale()]).toEqual([1, false]);
});

test("what does not fit the schema is refused, and what is not there cannot be removed", async () => {
  const [{ catalog, catalogs }] = (await open(1)) as [Awaited<ReturnType<typeof open>>[number]];
  await expect(catalog.put("a", { title: 1 })).rejects.toMatchObject({
    ...{ code: "invalid_options", extra: { issues: [{ path: "title" }] } },
  });
  await expect(catalog.remove("a")).rejects.toMatchObject({ code: "not_found" });
  expect(() => catalogs.get("other")).toThrow("no such catalog");
});

test("the loader runs once, however many ask in however many processes", async () => {
  let runs = 0;
  const load = async (key: string) => {
    runs++;
    await sleep(100);
    return { title: key.toUpperCase() };
  };
  const all = await open(3, { load });
  const asked = Array.from({ length: 300 }, (_, n) => all[n % 3]!.catalog.lookup("robin"));
  const found = await Promise.all(asked);
  expect(runs).toBe(1);
  expect(new Set(found.map((one) => JSON.stringify(one)))).toEqual(new Set(['{"title":"ROBIN","level":1}']));
  expect(await all[1]!.catalog.lookup("robin")).toEqual({ title: "ROBIN", level: 1 });
  expect(runs).toBe(1);
});

test("where there is nothing, the loader is not asked again for a while", async () => {
  let runs = 0;
  const [{ catalog }] = (await open(1, {
    load: async () => {
      runs++;
      return undefined;
    },
  })) as [Awaited<ReturnType<typeof open>>[number]];
  for (let n = 0; n < 5; n++) expect(await catalog.lookup("none")).toBeUndefined();
  expect(runs).toBe(1);
});

test("a loader that hangs is not waited for, and one that fails again and again is left alone", async () => {
  let runs = 0;
  let hangs = true;
  const load = async (): Promise<undefined> => {
    runs++;
    if (hangs) return new Promise(() => {});
    throw new Error("down");
  };
  const [{ catalog }] = (await open(1, { load, loadTimeoutMs: 50 })) as [
    Awaited<ReturnType<typeof open>>[number],
  ];
  const begun = performance.now();
  await expect(catalog.lookup("a")).rejects.toMatchObject({ code: "unavailable" });
  expect(performance.now() - begun).toBeLessThan(1_000);
  hangs = false;
  for (let n = 0; n < 10; n++)
    await expect(catalog.lookup(`b${n}`)).rejects.toMatchObject({ code: "unavailable" });
  expect(runs).toBe(5);
  await catalog.put("a", { title: "A" });
  expect(await catalog.lookup("a")).toEqual({ title: "A", level: 1 });
});

test("what an admin writes while the loader runs stays", async () => {
  const gate = Promise.withResolvers<void>();
  const load = async () => {
    await gate.promise;
    return { title: "loaded" };
  };
  const [{ catalog }] = (await open(1, { load })) as [Awaited<ReturnType<typeof open>>[number]];
  const asking = catalog.lookup("a");
  await catalog.put("a", { title: "written" });
  gate.resolve();
  expect(await asking).toEqual({ title: "written", level: 1 });
  expect(await catalog.lookup("a")).toEqual({ title: "written", level: 1 });
});

test("two catalogs of one name are refused", () => {
  const catalogs = [defineCatalog({ name: "a", schema }), defineCatalog({ name: "a", schema })];
  const none = { replica: { map: () => ({}) }, chores: {}, now: Date.now } as never;
  expect(() => createCatalogs(catalogs, none)).toThrow("Two catalogs are named a");
  expect(() => defineCatalog({ name: "A b", schema })).toThrow("lower-case");
});
