import { sql } from "kysely";
import { describe, expect, onTestFinished, test } from "vitest";
import { openPostgresBus } from "../adapters/postgres/bus.ts";
import { openPostgresDatabase } from "../adapters/postgres/database.ts";
import { testSchema } from "../adapters/postgres/testing.ts";
import { sqliteBus } from "../adapters/sqlite/bus.ts";
import { connectWriter } from "../adapters/sqlite/client.ts";
import { sqliteDatabase } from "../adapters/sqlite/database.ts";
import { testWriter } from "../adapters/sqlite/testing.ts";
import type { Tables } from "../database/tables.ts";
import { newId } from "../domain/ids.ts";
import type { Bus } from "../ports/bus.ts";
import type { Database } from "../ports/database.ts";
import { addressOf, withService } from "../testing/services.ts";
import { openTcpProxy, through } from "../testing/tcp-proxy.ts";
import { eventually, sleep } from "../testing/wait.ts";
import { createGuard } from "./guard.ts";
import { createReplica } from "./replica.ts";

interface Place {
  database(): Promise<Database<Tables>>;
  bus(): Promise<Bus>;
}

async function sqlitePlace(): Promise<Place> {
  const { socketPath, close } = await testWriter({ publishes: false });
  onTestFinished(close);
  return {
    database: async () => sqliteDatabase(await connectWriter(socketPath)),
    bus: async () => sqliteBus(await connectWriter(socketPath)),
  };
}

async function postgresPlace(): Promise<Place> {
  const { url, drop } = testSchema();
  onTestFinished(drop);
  return { database: () => openPostgresDatabase(url), bus: () => openPostgresBus(url) };
}

/** A bus that drops everything published. */
function dropping(bus: Bus): Bus {
  return { ...bus, publish: async () => {} };
}

/** One process's replica of two maps. */
async function open({ database: openDatabase, bus: openBus }: Place, via: (bus: Bus) => Bus = (bus) => bus) {
  const database = await openDatabase();
  const bus = await openBus();
  const replica = createReplica({ database, bus: via(bus), now: Date.now });
  const users = replica.map("users", (value) => value as { role: string });
  const revoked = replica.set("revoked");
  await replica.start();
  onTestFinished(async () => {
    await replica.close();
    await bus.close();
    await database.close();
  });
  return { replica, users, revoked, database };
}

function replicaTests(place: () => Promise<Place>): void {
  test("a change is there at once where it was made, and a moment later in every process", async () => {
    const at = await place();
    const [writer, ...others] = [await open(at), await open(at), await open(at)];
    const { written } = await writer.replica.commit([writer.users.set("ada", { role: "admin" })]);
    expect(writer.users.get("ada")).toEqual({ role: "admin" });
    expect(written.header).toBe("users=1");
    for (const other of others) {
      expect(await other.replica.waitFor("users", 1, 1_000)).toBe(true);
      expect(other.users.get("ada")).toEqual({ role: "admin" });
      expect([...other.users.entries()]).toEqual([["ada", { role: "admin" }]]);
    }
    const late = await open(at);
    expect(late.users.get("ada")).toEqual({ role: "admin" });
    await writer.replica.commit([writer.users.remove("ada"), writer.revoked.add("sid", null)]);
    for (const other of [...others, late]) {
      await other.replica.waitFor("users", 2, 1_000);
      await other.replica.waitFor("revoked", 1, 1_000);
      expect([other.users.get("ada"), other.users.size(), other.revoked.has("sid")]).toEqual([
        undefined,
        0,
        true,
      ]);
    }
  });

  test("with a bus that drops everything, changes are seen within a second", async () => {
    const at = await place();
    const [writer, other] = [await open(at, dropping), await open(at, dropping)];
    for (let n = 0; n < 5; n++) {
      const sid = newId();
      await writer.replica.commit([writer.revoked.add(sid, Date.now() + 60_000)]);
      const committedAt = performance.now();
      await eventually(
        () => other.revoked.has(sid),
        5_000,
        () => "not revoked",
      );
      expect(performance.now() - committedAt).toBeLessThan(1_000);
      await sleep(Math.random() * 300);
    }
  });

  test("a commit is seen by its own process at once, whatever others have changed unheard", async () => {
    const at = await place();
    const [writer, other] = [await open(at, dropping), await open(at, dropping)];
    for (let n = 0; n < 5; n++) {
      await other.replica.commit([other.users.set(`other ${n}`, { role: "user" })]);
      await writer.replica.commit([writer.users.set("own", { role: `${n}` })]);
      expect([writer.users.get("own"), writer.users.size()]).toEqual([{ role: `${n}` }, n + 2]);
    }
  });

  test("maps change together with other records, or not at all", async () => {
    const { replica, users, database } = await open(await place());
    const upload = (id: string) =>
      database.db.insertInto("uploads").values({ id, owner: "ada", expires_at: 1, bytes: 0, body: "{}" });
    const { answers, written } = await replica.commit([users.set("ada", { role: "user" })], [upload("a")]);
    expect([answers[0].changes, written.versions.get("users")]).toEqual([1, 1]);
    await expect(
      replica.commit([users.set("ada", { role: "admin" })], [upload("b"), upload("a")]),
    ).rejects.toMatchObject({ code: "already_exists" });
    expect(users.get("ada")).toEqual({ role: "user" });
    const when = sql<boolean>`exists (select 1 from uploads where id = 'c')`;
    const guarded = await replica.commit([users.set("ada", { role: "admin" })], [], { when });
    expect([guarded.written.header, users.get("ada")]).toEqual(["", { role: "user" }]);
    const { rows } = await database.db
      .selectFrom("uploads")
      .select("id")
      .execute()
      .then((rows) => ({ rows }));
    expect(rows).toEqual([{ id: "a" }]);
  });

  test("writers of several maps at once do not hold each other up for ever", async () => {
    const at = await place();
    const all = [await open(at), await open(at), await open(at)];
    await Promise.all(
      Array.from({ length: 90 }, (_, n) => {
        const { replica, users, revoked } = all[n % 3]!;
        const changes = [users.set(`user ${n}`, { role: "user" }), revoked.add(`sid ${n}`, null)];
        return replica.commit(n % 2 === 0 ? changes : changes.toReversed());
      }),
    );
    for (const { replica, users, revoked } of all) {
      expect(await replica.waitFor("users", 90, 2_000)).toBe(true);
      expect(await replica.waitFor("revoked", 90, 2_000)).toBe(true);
      expect([users.size(), revoked.size()]).toEqual([90, 90]);
    }
  });

  test("an older copy of the records does not bring back what was revoked", async () => {
    const at = await place();
    const { replica, users, revoked, database } = await open(at);
    await replica.commit([users.set("ada", { role: "admin" }), revoked.add("sid", Date.now() + 60_000)]);
    await database.batch([
      database.db.deleteFrom("replica_entries"),
      database.db.updateTable("replica_heads").set({ version: 0 }),
    ]);
    await eventually(
      () => users.size() === 0,
      3_000,
      () => "still there",
    );
    expect(revoked.has("sid")).toBe(true);
  });

  test("thousands of changes are one commit, and the last of a key counts", async () => {
    const at = await place();
    const [writer, other] = [await open(at), await open(at)];
    const changes = Array.from({ length: 1_201 }, (_, n) => writer.revoked.add(`jti ${n}`, null));
    const again = [writer.users.set("ada", { role: "user" }), writer.users.set("ada", { role: "admin" })];
    const { written } = await writer.replica.commit([...changes, ...again]);
    expect(written.header).toBe("revoked=1201,users=1");
    expect(await other.replica.waitFor("revoked", 1_201, 2_000)).toBe(true);
    expect([other.revoked.size(), writer.revoked.size(), writer.users.get("ada")]).toEqual([
      1_201,
      1_201,
      { role: "admin" },
    ]);
  });

  test("what is too large for a key or a value is refused, and nothing is written", async () => {
    const { replica, users } = await open(await place());
    await expect(replica.commit([users.set("", { role: "a" })])).rejects.toMatchObject({
      code: "invalid_request",
    });
    await expect(replica.commit([users.set("a", { role: "x".repeat(70_000) })])).rejects.toMatchObject({
      code: "request_too_large",
    });
    expect(users.version()).toBe(0);
  });

  test("its age is that of the last look at the store", async () => {
    const { replica, users } = await open(await place());
    await sleep(700);
    expect(users.ageMs()).toBeLessThan(1_000);
    expect(replica.states()).toMatchObject([
      { name: "users", version: 0, entries: 0 },
      { name: "revoked", version: 0, entries: 0 },
    ]);
    await replica.close();
    await sleep(1_100);
    expect(users.ageMs()).toBeGreaterThan(1_000);
  });
}

describe("on SQLite", () => replicaTests(sqlitePlace));

await withService("PostgreSQL", addressOf(testSchema().url, 5432), () => {
  describe("on PostgreSQL", () => replicaTests(postgresPlace));

  test("while the store is frozen, memory is not believed for longer than a second, and then again", async () => {
    const { url, drop } = testSchema();
    onTestFinished(drop);
    const { hostname, port } = new URL(url);
    const proxy = await openTcpProxy({ host: hostname, port: Number(port) });
    onTestFinished(() => proxy.close());
    const slow = through(proxy, url);
    const place = { database: () => openPostgresDatabase(slow), bus: () => openPostgresBus(slow) };
    const { replica, revoked } = await open(place);
    const guard = createGuard(replica, [revoked]);
    await replica.commit([revoked.add("sid", null)]);
    await sleep(600);
    expect(guard.fresh()?.has(revoked, "sid")).toBe(true);
    proxy.freeze();
    await eventually(
      () => guard.fresh() === null,
      2_000,
      () => "still believed",
    );
    await expect(guard.ask([{ map: "revoked", key: "sid" }])).rejects.toMatchObject({ code: "unavailable" });
    proxy.thaw();
    await eventually(
      () => guard.fresh() !== null,
      5_000,
      () => "not believed again",
    );
    expect(guard.fresh()!.has(revoked, "sid")).toBe(true);
  });
});
