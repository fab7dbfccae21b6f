import { EventSource } from "undici";
import { afterAll, beforeAll, expect, test } from "vitest";
import { count, createJob, ended } from "./fixtures.ts";
import { type Running, start } from "./harness.ts";

let server: Running;
beforeAll(async () => {
  server = await start({ pipelines: [count] });
});
afterAll(() => server.close());

test("EventSource hears all of a job and then stops by itself", async () => {
  const { id } = await createJob(server.url, { pipeline: "count", options: { to: 1 } });
  await ended(server.url, id);
  const source = new EventSource(`${server.url}/v1/jobs/${id}/events`);
  const heard: string[] = [];
  for (const type of ["job.created", "item.succeeded", "job.succeeded"])
    source.addEventListener(type, () => heard.push(type));
  // The client reconnects after a second, and only 204 stops that.
  await expect.poll(() => source.readyState, { timeout: 60_000 }).toBe(EventSource.CLOSED);
  expect(heard).toEqual(["job.created", "item.succeeded", "job.succeeded"]);
});

test("only who has seen the end of an ended job gets 204", async () => {
  const { id } = await createJob(server.url, { pipeline: "count", options: { to: 1 } });
  await ended(server.url, id);
  const listen = async (cursor?: string) => {
    const headers: Record<string, string> = cursor === undefined ? {} : { "last-event-id": cursor };
    const response = await fetch(`${server.url}/v1/jobs/${id}/events`, { headers });
    return { status: response.status, text: await response.text() };
  };
  const ids = [...(await listen()).text.matchAll(/^id: ?(\d+)$/gm)].map(([, seq]) => Number(seq));
  const last = ids.at(-1)!;
  expect(await listen(String(last))).toEqual({ status: 204, text: "" });
  expect((await listen(String(last + 1_000))).status).toBe(204);
  const before = await listen(String(last - 1));
  expect([before.status, [...before.text.matchAll(/^event: ?(.+)$/gm)].map(([, type]) => type)]).toEqual([
    200,
    ["job.succeeded"],
  ]);
  expect((await listen("never an id")).status).toBe(200);
});
