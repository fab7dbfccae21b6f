import { afterAll, beforeAll, expect, test } from "vitest";
import { testSchema } from "../../src/adapters/postgres/testing.ts";
import { definePipeline } from "../../src/pipeline/pipeline.ts";
import { addressOf, withService } from "../../src/testing/services.ts";
import { eventually } from "../../src/testing/wait.ts";
import { count, problemOf } from "./fixtures.ts";
import { type Running, start } from "./harness.ts";
import { listen } from "./sse-client.ts";
import { PASSWORD, signedIn, type Visitor, visitor } from "./visitors.ts";

const note = definePipeline({ name: "note", version: 1, title: "Note" }).each("note", () => null);
const schema = testSchema();

await withService("PostgreSQL", addressOf(schema.url, 5432), () => {
  let here: Running;
  let there: Running;

  beforeAll(async () => {
    const settings = { store: schema.url, quotaItemsPerDay: "6", secret: "s".repeat(40) };
    const options = { pipelines: [count, note], accounts: settings, worker: false };
    here = await start(options);
    there = await start(options);
  });
  afterAll(async () => {
    await Promise.all([here.close(), there.close()]);
    await schema.drop();
  });

  /** The same browser, talking to the other process. */
  function atTheOther({ cookies }: Visitor): Visitor {
    const other = visitor(there);
    for (const [name, value] of cookies) other.cookies.set(name, value);
    return other;
  }

  test("a session that one process began, any process knows, and refuses once it has ended", async () => {
    const ada = await signedIn(here, "ada@example.org");
    const other = atTheOther(ada);
    await eventually(
      async () => (await other.ask("/v1/me")).ok,
      1_000,
      () => "the other process does not know the session",
    );
    const stream = await listen(there.url, "/v1/events", null, { authorization: `Bearer ${ada.token}` });
    expect(stream.status).toBe(200);
    await ada.json(204, "/v1/auth/logout", undefined, "POST");
    const began = performance.now();
    await eventually(
      async () => (await other.ask("/v1/me")).status === 401,
      1_000,
      () => "it still counts",
    );
    await stream.ended;
    expect(performance.now() - began).toBeLessThan(2_000);
    await other.json(401, "/v1/auth/refresh", undefined, "POST");
  });

  test("refreshing at two processes at once gives one successor", async () => {
    const ben = await signedIn(here, "ben@example.org");
    const other = atTheOther(ben);
    await Promise.all([ben, other].map((one) => one.json(200, "/v1/auth/refresh", undefined, "POST")));
    expect(other.cookies.get("millrace_refresh")).toBe(ben.cookies.get("millrace_refresh"));
    await other.json(200, "/v1/auth/refresh", undefined, "POST");
  });

  test("keys, roles and states reach every process, and nothing is shown to another user", async () => {
    const cleo = await signedIn(here, "cleo@example.org", "admin");
    const dora = await signedIn(there, "dora@example.org");
    const made = await cleo.json<{ id: string; key: string }>(201, "/v1/keys", {
      name: "all",
      scopes: ["admin", "jobs"],
    });
    const status = async (path: string) =>
      (await fetch(there.url + path, { headers: { authorization: `Bearer ${made.key}` } })).status;
    const becomes = (path: string, wanted: number) =>
      eventually(
        async () => (await status(path)) === wanted,
        1_500,
        () => `${path} is not ${wanted}`,
      );
    await becomes("/v1/admin/users", 200);
    await dora.json(404, `/v1/keys/${made.id}`);
    const job = await cleo.json<{ id: string }>(202, "/v1/jobs", { pipeline: "count", options: { to: 1 } });
    await dora.json(404, `/v1/jobs/${job.id}`);
    await signedIn(here, "erin@example.org", "admin");
    await cleo.json(200, `/v1/admin/users/${cleo.id}`, { role: "user" }, "PATCH");
    await becomes("/v1/admin/users", 403);
    expect(await status("/v1/jobs")).toBe(200);
    await cleo.json(401, "/v1/me");
    await there.accounts!.users.administer(cleo.id, { state: "disabled" });
    await becomes("/v1/jobs", 401);
    await visitor(here).json(401, "/v1/auth/login", { email: "cleo@example.org", password: PASSWORD });
  });

  test("the items of a day are counted over all processes", async () => {
    const fay = await signedIn(here, "fay@example.org");
    const other = atTheOther(fay);
    await eventually(
      async () => (await other.ask("/v1/me")).ok,
      1_000,
      () => "the other process does not know the session",
    );
    const made = await Promise.all(
      Array.from({ length: 10 }, (_, n) => (n % 2 ? fay : other).ask("/v1/jobs", { pipeline: "note" })),
    );
    const refused = made.filter(({ status }) => status === 429);
    expect(made.filter(({ status }) => status === 202)).toHaveLength(6);
    expect(await problemOf(refused[0]!)).toMatchObject({
      code: "quota_exceeded",
      quota: "itemsPerDay",
      limit: 6,
    });
  });

  test("a deleted account is erased with its records", async () => {
    const gus = await signedIn(here, "gus@example.org");
    await gus.json(202, "/v1/jobs", { pipeline: "count", options: { to: 1 } });
    await gus.json(204, "/v1/me", { password: PASSWORD }, "DELETE");
    await expect.poll(() => there.accounts!.users.byEmail("gus@example.org")).toBeNull();
    expect(await there.engine.store.jobs({ owner: gus.id, limit: 10 })).toEqual([]);
  });
});
