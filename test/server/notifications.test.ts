import { afterAll, beforeAll, expect, test } from "vitest";
import { createClient } from "../../src/client/client.ts";
import type { NotificationView } from "../../src/server/notices/notice-view.ts";
import { copy, count, createJob, ended, form, problemOf } from "./fixtures.ts";
import { type Running, start } from "./harness.ts";
import { listen } from "./sse-client.ts";

let server: Running;
beforeAll(async () => {
  server = await start({ pipelines: [copy, count] });
});
afterAll(() => server.close());

interface List {
  items: NotificationView[];
  nextCursor: string | null;
  unread: number;
}

async function ask<Answer>(method: string, path: string, body?: object): Promise<Answer> {
  const answer = await fetch(server.url + path, {
    method,
    headers: body && { "content-type": "application/json" },
    body: body && JSON.stringify(body),
  });
  expect([path, answer.status]).toEqual([path, 200]);
  return (await answer.json()) as Answer;
}

const list = (query = "") => ask<List>("GET", `/v1/notifications${query}`);
const prefer = (body: object) => ask("PATCH", "/v1/notifications/preferences", body);

async function run(to: number, name = "count"): Promise<string> {
  const body = name === "count" ? { pipeline: "count", options: { to } } : form(name, [["a.txt", "a"]]);
  const { id } = await createJob(server.url, body);
  await ended(server.url, id);
  return id;
}

test("a job's end is in the list once, and live in the stream, without an id", async () => {
  const before = await list();
  const stream = await listen(server.url, "/v1/events");
  const id = await run(2);
  await expect.poll(() => stream.events.some(({ event }) => event === "notification")).toBe(true);
  const told = stream.events.filter(({ event }) => event === "notification");
  expect(told).toHaveLength(1);
  expect(told[0]!.id).toBe(null);
  const after = await list();
  expect(after.unread).toBe(before.unread + 1);
  expect(after.items.filter(({ jobId }) => jobId === id)).toEqual([told[0]!.data.notification]);
  expect(told[0]!.data).toMatchObject({ jobId: id, progress: null, unread: after.unread });
  expect(after.items[0]).toMatchObject({
    kind: "job.ended",
    jobId: id,
    readAt: null,
    channels: ["page"],
    title: "count: done",
    path: `/jobs/${id}`,
    data: { pipeline: "count", state: "succeeded" },
  });
  const numbers = stream.events.flatMap((event) => (event.id === null ? [] : [Number(event.id)]));
  expect(numbers).toEqual(numbers.map((_, n) => numbers[0]! + n));
  await stream.cut();
});

test("read marks count, for one and for all, and other tabs hear of them", async () => {
  await run(1);
  await run(1);
  const { items, unread } = await list();
  const stream = await listen(server.url, "/v1/events");
  const counts = () =>
    stream.events.flatMap(({ event, data }) => (event === "notification" ? [data.unread] : []));
  const marked = await ask<NotificationView>("PATCH", `/v1/notifications/${items[0]!.id}`, { read: true });
  expect(marked.readAt).not.toBe(null);
  expect((await list()).unread).toBe(unread - 1);
  await expect.poll(counts).toEqual([unread - 1]);
  expect((await list("?unread=true")).items.map(({ id }) => id)).not.toContain(items[0]!.id);
  await ask("PATCH", `/v1/notifications/${items[0]!.id}`, { read: false });
  expect((await list()).unread).toBe(unread);
  expect(await ask("POST", "/v1/notifications/read", { upTo: items[1]!.id })).toEqual({
    marked: unread - 1,
    unread: 1,
  });
  expect(await ask("POST", "/v1/notifications/read")).toEqual({ marked: 1, unread: 0 });
  const none = await fetch(`${server.url}/v1/notifications/none`, {
    method: "PATCH",
    headers: { "content-type": "application/json" },
    body: '{"read":true}',
  });
  expect((await problemOf(none)).code).toBe("not_found");
  await stream.cut();
});

test("the client reads, marks and prefers", async () => {
  const { notifications } = createClient({ url: server.url });
  const id = await run(1);
  const { items, unread } = await notifications.list({ limit: 5, unread: true, lang: "ko" });
  expect(items[0]).toMatchObject({ jobId: id, title: "count: 완료" });
  expect((await notifications.mark(items[0]!.id)).readAt).not.toBe(null);
  expect((await notifications.mark(items[0]!.id, false)).readAt).toBe(null);
  expect(await notifications.markAll(items[0]!.id)).toEqual({ marked: unread, unread: 0 });
  expect(await notifications.markAll()).toEqual({ marked: 0, unread: 0 });
  const chosen = await notifications.prefer({ kinds: { "quota.warning": { browser: true } } });
  expect(chosen.kinds["quota.warning"]).toEqual({ page: true, email: false, browser: true });
  expect(await notifications.preferences()).toEqual(chosen);
  await notifications.prefer({ kinds: { "quota.warning": { browser: false } } });
});

test("pages follow each other", async () => {
  for (let n = 0; n < 3; n++) await run(1);
  const all = await list("?limit=100");
  const first = await list("?limit=2");
  const second = await list(`?limit=2&cursor=${first.nextCursor}`);
  expect([...first.items, ...second.items]).toEqual(all.items.slice(0, 4));
});

test("preferences say what arrives where", async () => {
  const usual = await ask<{ kinds: object }>("GET", "/v1/notifications/preferences");
  expect(usual).toMatchObject({
    locale: null,
    email: { address: null, available: false },
    kinds: { "job.ended": { page: true, email: false, browser: false } },
  });
  await prefer({ kinds: { "job.ended": { page: false } }, locale: "ko" });
  const quiet = await run(1);
  expect((await list("?limit=100")).items.map(({ jobId }) => jobId)).not.toContain(quiet);
  await prefer({ kinds: { "job.ended": { browser: true } } });
  const stream = await listen(server.url, "/v1/events");
  const shown = await run(1);
  await expect
    .poll(() => stream.events.find(({ event }) => event === "notification")?.data.notification)
    .toMatchObject({ jobId: shown, channels: ["browser"], title: "count: 완료" });
  expect((await list("?limit=100")).items.map(({ jobId }) => jobId)).not.toContain(shown);
  await stream.cut();
  await prefer({ kinds: { "job.ended": { page: true, browser: false } }, locale: "en" });
  expect(await ask("GET", "/v1/notifications/preferences")).toEqual({ ...usual, locale: "en" });
});
