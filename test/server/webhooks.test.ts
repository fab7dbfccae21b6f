import { Webhook } from "standardwebhooks";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { count, type JobJson } from "./fixtures.ts";
import { type Running, start } from "./harness.ts";
import { type Received, type Receiver, startReceiver } from "./webhook-receiver.ts";

vi.setConfig({ testTimeout: 60_000 });
/** For events that pass through several processes on a busy machine. */
const SOON = { timeout: 60_000 };

let server: Running;
let receiver: Receiver;

beforeAll(async () => {
  receiver = await startReceiver();
  server = await start({
    pipelines: [count],
    outgoingAllow: ["127.0.0.1"],
    webhookDelays: [0, 100, 100],
  });
});
afterAll(async () => {
  await server.close();
  await receiver.close();
});

async function ask<T>(
  status: number,
  path: string,
  body?: object,
  method = body ? "POST" : "GET",
): Promise<T> {
  const answer = await fetch(server.url + path, {
    method,
    ...(body && { headers: { "content-type": "application/json" }, body: JSON.stringify(body) }),
  });
  const text = await answer.text();
  expect([path, answer.status, answer.status === status ? "" : text]).toEqual([path, status, ""]);
  return (text === "" ? null : JSON.parse(text)) as T;
}

interface Hook {
  id: string;
  secret: string;
  enabled: boolean;
  disabledReason: string | null;
  health: { state: string; failures: number; failingSince: string | null };
  previousSecretUntil: string | null;
}
interface DeliveryJson {
  id: string;
  number: number | null;
  event: string;
  state: string;
  tries: number;
  jobId: string;
  attempts: { status: number | null; error: string | null; response: { body: string } | null }[];
  request: { body: string; headers: Record<string, string> };
}

const hook = (path: string, more: object = {}) =>
  ask<Hook>(201, "/v1/webhooks", { url: receiver.url + path, ...more });
const run = async (metadata = {}) => {
  const job = await ask<JobJson>(202, "/v1/jobs", { pipeline: "count", options: { to: 1 }, metadata });
  return ask<JobJson>(200, `/v1/jobs/${job.id}?wait=20`);
};
const deliveries = async (id: string) =>
  (await ask<{ items: DeliveryJson[] }>(200, `/v1/webhooks/${id}/deliveries`)).items;
const verified = (secret: string, { headers, body }: Received) =>
  new Webhook(secret).verify(body, headers as Record<string, string>) as {
    type: string;
    timestamp: string;
    data: Record<string, unknown>;
  };

test("a job's end arrives, signed as Standard Webhooks has it, with its number and metadata", async () => {
  const { id, secret } = await hook("/end");
  const job = await run({ order: "17" });
  await expect.poll(() => receiver.at("/end").length, SOON).toBe(1);
  const payload = verified(secret, receiver.at("/end")[0]!);
  expect(payload).toMatchObject({
    type: "job.succeeded",
    data: { jobId: job.id, pipeline: "count", metadata: { order: "17" }, state: "succeeded" },
  });
  // The delivery is recorded only after the receiver has responded.
  await expect.poll(async () => (await deliveries(id))[0]?.state, SOON).toBe("delivered");
  const [delivery] = await deliveries(id);
  expect(delivery).toMatchObject({ event: "job.succeeded", tries: 1, jobId: job.id });
  expect(payload.data.number).toBe(delivery!.number);
  expect(receiver.at("/end")[0]!.headers["webhook-id"]).toBe(delivery!.id);
  const whole = await ask<DeliveryJson>(200, `/v1/webhooks/${id}/deliveries/${delivery!.id}`);
  expect(whole.request.body).toBe(receiver.at("/end")[0]!.body);
  expect(whole.attempts).toMatchObject([{ status: 204, error: null }]);
});

test("a delivery that fails is tried again with the same id, signed anew", async () => {
  receiver.answers.set("/flaky", (response, nth) => void response.writeHead(nth < 3 ? 503 : 200).end("ok"));
  const { id, secret } = await hook("/flaky");
  await run();
  await expect.poll(async () => (await deliveries(id))[0]?.state, SOON).toBe("delivered");
  const tries = receiver.at("/flaky");
  expect(tries).toHaveLength(3);
  expect(new Set(tries.map(({ headers }) => headers["webhook-id"])).size).toBe(1);
  expect(new Set(tries.map(({ body }) => body)).size).toBe(1);
  for (const one of tries) verified(secret, one);
});

test("a redirect is a failure, and tries that are used up are told to the owner", async () => {
  receiver.answers.set(
    "/moved",
    (response) => void response.writeHead(302, { location: `${receiver.url}/elsewhere` }).end(),
  );
  const { id } = await hook("/moved");
  await run();
  await expect.poll(async () => (await deliveries(id))[0]?.state, SOON).toBe("failed");
  expect(receiver.at("/elsewhere")).toHaveLength(0);
  const [delivery] = await deliveries(id);
  const { attempts } = await ask<DeliveryJson>(200, `/v1/webhooks/${id}/deliveries/${delivery!.id}`);
  expect(attempts.map(({ status }) => status)).toEqual([302, 302, 302]);
  const { items } = await ask<{ items: { kind: string; data: { deliveryId?: string } }[] }>(
    200,
    "/v1/notifications",
  );
  const told = items.filter(({ kind }) => kind === "webhook.exhausted");
  expect(told.map(({ data }) => data.deliveryId)).toEqual([delivery!.id]);

  receiver.answers.set("/moved", (response) => void response.writeHead(200).end());
  await ask(202, `/v1/webhooks/${id}/deliveries/${delivery!.id}/retry`, {});
  await expect.poll(async () => (await deliveries(id))[0]?.state, SOON).toBe("delivered");
  expect(receiver.at("/moved").at(-1)!.headers["webhook-id"]).toBe(delivery!.id);
});

test("410 switches an endpoint off, and its owner is told", async () => {
  receiver.answers.set("/gone", (response) => void response.writeHead(410).end());
  const { id } = await hook("/gone");
  await run();
  await expect.poll(async () => (await ask<Hook>(200, `/v1/webhooks/${id}`)).enabled, SOON).toBe(false);
  expect(await ask<Hook>(200, `/v1/webhooks/${id}`)).toMatchObject({ disabledReason: "gone" });
  await run();
  await new Promise((resolve) => setTimeout(resolve, 700));
  expect(receiver.at("/gone")).toHaveLength(1);
  const { items } = await ask<{ items: { kind: string; data: { webhookId?: string } }[] }>(
    200,
    "/v1/notifications",
  );
  expect(items.filter(({ kind }) => kind === "webhook.disabled").map(({ data }) => data.webhookId)).toEqual([
    id,
  ]);

  await expect
    .poll(async () => (await ask<{ webhooks: object }>(200, "/v1/admin/overview")).webhooks, SOON)
    .toMatchObject({ disabled: 1 });

  // Events from the time while it was disabled are resent only on request.
  const since = new Date(Date.now() - 60_000).toISOString();
  receiver.answers.set("/gone", (response) => void response.writeHead(200).end());
  await ask(400, `/v1/webhooks/${id}/resend`, { since });
  await ask(200, `/v1/webhooks/${id}`, { enabled: true }, "PATCH");
  await run();
  await expect.poll(() => receiver.at("/gone").length, SOON).toBe(2);
  await expect.poll(async () => (await deliveries(id))[0]?.state, SOON).toBe("delivered");
  const counted = { since, dryRun: true };
  const { events, more } = await ask<{ events: number; more: boolean }>(
    200,
    `/v1/webhooks/${id}/resend`,
    counted,
  );
  expect(more).toBe(false);
  await ask(202, `/v1/webhooks/${id}/resend`, { since });
  await expect
    .poll(async () => (await deliveries(id)).filter(({ state }) => state === "delivered").length, SOON)
    .toBeGreaterThan(2);
  await expect.poll(() => receiver.at("/gone").length, SOON).toBe(2 + events);
  const ids = receiver.at("/gone").map(({ headers }) => headers["webhook-id"]);
  // Resending the first delivery keeps the id of the attempt that got 410.
  expect(ids.filter((one) => one === ids[0])).toHaveLength(2);
});

test("a pause that was asked for is kept, and uses up no try", async () => {
  receiver.answers.set("/slow-down", (response, nth) => {
    if (nth === 1) response.writeHead(429, { "retry-after": "1" }).end(JSON.stringify({ retry_after: 1.2 }));
    else response.writeHead(200).end();
  });
  const { id } = await hook("/slow-down");
  await run();
  await expect.poll(async () => (await deliveries(id))[0]?.state, SOON).toBe("delivered");
  const [first, second] = receiver.at("/slow-down");
  expect(second!.at - first!.at).toBeGreaterThan(1_100);
  expect((await deliveries(id))[0]).toMatchObject({ tries: 1 });
});

test("while a secret is replaced, both sign", async () => {
  const { id, secret: old } = await hook("/rotating");
  const { secret, previousSecretUntil } = await ask<Hook>(200, `/v1/webhooks/${id}/secret`, {
    graceHours: 1,
  });
  expect(secret).not.toBe(old);
  expect(Date.parse(previousSecretUntil!) - Date.now()).toBeGreaterThan(3_500_000);
  await run();
  await expect.poll(() => receiver.at("/rotating").length, SOON).toBe(1);
  for (const one of [old, secret]) verified(one, receiver.at("/rotating")[0]!);
  await ask<Hook>(200, `/v1/webhooks/${id}/secret`, { graceHours: 0 });
  await run();
  await expect.poll(() => receiver.at("/rotating").length, SOON).toBe(2);
  for (const one of [old, secret]) expect(() => verified(one, receiver.at("/rotating")[1]!)).toThrow();
});

test("an endpoint hears of the events and pipelines that were chosen", async () => {
  await hook("/other", { pipelines: ["other"] });
  await hook("/items", { events: ["item.succeeded", "job.created"], pipelines: ["count"] });
  await run();
  await expect.poll(() => receiver.at("/items").length, SOON).toBe(2);
  const types = receiver.at("/items").map(({ body }) => JSON.parse(body).type);
  expect(types.toSorted()).toEqual(["item.succeeded", "job.created"]);
  expect(receiver.at("/other")).toHaveLength(0);
});

test("a test shows what was answered", async () => {
  receiver.answers.set("/test", (response) => void response.writeHead(418).end("no coffee"));
  const { id } = await hook("/test");
  const result = await ask<DeliveryJson>(200, `/v1/webhooks/${id}/test`, {});
  expect(result).toMatchObject({
    event: "webhook.test",
    state: "failed",
    attempts: [{ status: 418, response: { body: "no coffee" } }],
  });
});

test("Slack and Discord get what they take, and nobody is mentioned", async () => {
  await hook("/slack", { format: "slack" });
  await hook("/discord", { format: "discord" });
  await run({ note: "<!channel> @everyone & co" });
  await expect.poll(() => receiver.at("/slack").length + receiver.at("/discord").length, SOON).toBe(2);
  const slack = receiver.at("/slack")[0]!;
  expect(slack.headers["webhook-signature"]).toBeUndefined();
  expect(slack.body).toContain("&lt;!channel&gt; @everyone &amp; co");
  const discord = JSON.parse(receiver.at("/discord")[0]!.body);
  expect(discord.allowed_mentions).toEqual({ parse: [] });
  expect(discord.embeds[0].title).toContain("Job succeeded");
});

test("a dead endpoint opens its breaker, and delays no other", async () => {
  receiver.answers.set("/dead", (response) => void response.writeHead(500).end());
  const { id } = await hook("/dead", { events: ["job.created", "job.started", "job.succeeded"] });
  await hook("/alive");
  for (let n = 0; n < 5; n++) await run();
  await expect.poll(async () => (await ask<Hook>(200, `/v1/webhooks/${id}`)).health.state, SOON).toBe("open");
  const tries = receiver.at("/dead").length;
  await run();
  await expect.poll(() => receiver.at("/alive").length, SOON).toBe(6);
  expect(receiver.at("/dead").length - tries).toBeLessThanOrEqual(4);
  expect((await deliveries(id)).some(({ state }) => state === "pending")).toBe(true);
  await ask(204, `/v1/webhooks/${id}`, undefined, "DELETE");
  await ask(404, `/v1/webhooks/${id}`);
});

test("an operator's webhook hears of everyone's jobs", async () => {
  const made = await ask<Hook>(201, "/v1/admin/webhooks", { url: `${receiver.url}/everyone` });
  await run();
  await expect.poll(() => receiver.at("/everyone").length, SOON).toBe(1);
  expect(verified(made.secret, receiver.at("/everyone")[0]!).data).toMatchObject({ owner: "local" });
  const { items } = await ask<{ items: (Hook & { everyone: boolean })[] }>(
    200,
    "/v1/admin/webhooks?limit=100",
  );
  expect(items.find(({ id }) => id === made.id)).toMatchObject({ everyone: true });
});

test("what may not be reached is refused", async () => {
  for (const url of ["http://10.0.0.1/", "http://[::1]/", "ftp://example.com/", "http://a:b@example.com/"]) {
    await ask(422, "/v1/webhooks", { url });
  }
});
