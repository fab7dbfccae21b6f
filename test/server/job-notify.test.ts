import { afterAll, beforeAll, expect, test } from "vitest";
import { count, createJob, ended } from "./fixtures.ts";
import { type Running, start } from "./harness.ts";
import { type Receiver, startReceiver } from "./webhook-receiver.ts";

let server: Running;
let receiver: Receiver;
beforeAll(async () => {
  receiver = await startReceiver();
  server = await start({ pipelines: [count], outgoingAllow: ["127.0.0.1"], webhookDelays: [0, 100, 100] });
});
afterAll(async () => {
  await server.close();
  await receiver.close();
});

test("a job calls the addresses that it names when it has ended, and no webhook is listed for it", async () => {
  const url = `${receiver.url}/ended`;
  const made = { pipeline: "count", options: { to: 2 }, metadata: { order: "7" }, notify: [{ url }] };
  const [one, other] = [await createJob(server.url, made), await createJob(server.url, made)];
  for (const { id } of [one, other]) await ended(server.url, id);
  const told = () =>
    receiver.received
      .filter(({ path }) => path === "/ended")
      .map(({ body }) => JSON.parse(body) as { type: string; data: { jobId: string; metadata: object } });
  await expect.poll(() => told().length, { timeout: 60_000 }).toBe(2);
  expect(told().map(({ type, data }) => [type, data.jobId, data.metadata])).toEqual(
    expect.arrayContaining([one, other].map(({ id }) => ["job.succeeded", id, { order: "7" }])),
  );
  await new Promise((resolve) => setTimeout(resolve, 1_500));
  expect(told()).toHaveLength(2);
  const { items } = (await (await fetch(`${server.url}/v1/webhooks`)).json()) as { items: object[] };
  expect(items).toEqual([]);
});
