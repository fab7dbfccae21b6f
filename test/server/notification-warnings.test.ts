import { afterEach, expect, test } from "vitest";
import type { NotificationView } from "../../src/server/notices/notice-view.ts";
import { copy, count, createJob, ended, form, type JobJson } from "./fixtures.ts";
import { type Running, start } from "./harness.ts";
import { signedIn } from "./visitors.ts";

let server: Running;
afterEach(() => server.close());

interface List {
  items: NotificationView[];
}

async function kinds(jobId?: string): Promise<string[]> {
  const answer = await fetch(`${server.url}/v1/notifications?limit=100`);
  const { items } = (await answer.json()) as List;
  return items.filter((one) => jobId === undefined || one.jobId === jobId).map(({ kind }) => kind);
}

async function run(options: object): Promise<string> {
  const { id } = await createJob(server.url, { pipeline: "count", options });
  await ended(server.url, id);
  return id;
}

test("results that are kept for a day or less: the warning comes with the end, once, and then they expire", async () => {
  server = await start({ pipelines: [count], env: { MILLRACE_RETENTION_HOURS: "0.001" } });
  const id = await run({ to: 1 });
  expect((await kinds(id)).toSorted()).toEqual(["job.ended", "results.expiring"]);
  await new Promise((resolve) => setTimeout(resolve, 3_700));
  const { store } = server.engine;
  await store.expire({ now: store.now(), limit: 10, forgetBefore: 0 });
  expect((await kinds(id)).toSorted()).toEqual(["job.ended", "results.expired", "results.expiring"]);
});

test("results that are kept for longer: the warning comes a day before, once", async () => {
  // A day and 4 seconds.
  server = await start({ pipelines: [count], env: { MILLRACE_RETENTION_HOURS: String(24 + 4 / 3_600) } });
  const id = await run({ to: 1 });
  const failed = await run({ to: -1 }).catch(() => null);
  expect(await kinds(id)).toEqual(["job.ended"]);
  await expect.poll(() => kinds(id), { timeout: 25_000, interval: 300 }).toContain("results.expiring");
  await new Promise((resolve) => setTimeout(resolve, 11_000));
  expect((await kinds(id)).toSorted()).toEqual(["job.ended", "results.expiring"]);
  if (failed) expect(await kinds(failed)).not.toContain("results.expiring");
}, 60_000);

test("who has used most of a quota is warned, once", async () => {
  server = await start({ pipelines: [copy], accounts: { quotaItemsPerDay: "5" } });
  const ada = await signedIn(server, "ada@example.org");
  const send = async (files: [string, string][]) => {
    const headers = { authorization: `Bearer ${ada.token}` };
    const answer = await fetch(`${server.url}/v1/jobs`, {
      method: "POST",
      headers,
      body: form("copy", files),
    });
    const { id } = (await answer.json()) as JobJson;
    await ada.json(200, `/v1/jobs/${id}?wait=20`);
  };
  const warnings = async () =>
    (await ada.json<List>(200, "/v1/notifications?limit=100")).items.filter(
      ({ kind }) => kind === "quota.warning",
    );
  await send([
    ["1.txt", "1"],
    ["2.txt", "2"],
    ["3.txt", "3"],
    ["4.txt", "4"],
  ]);
  await expect.poll(warnings).toHaveLength(1);
  expect((await warnings())[0]).toMatchObject({
    data: { quota: "itemsPerDay", used: 4, limit: 5 },
    path: "/account",
    title: "Quota almost reached: items per day",
  });
  await new Promise((resolve) => setTimeout(resolve, 10_000));
  await send([["5.txt", "5"]]);
  await new Promise((resolve) => setTimeout(resolve, 1_500));
  expect(await warnings()).toHaveLength(1);
}, 30_000);
