import { once } from "node:events";
import type { ServerResponse } from "node:http";
import { type AddressInfo, createServer } from "node:net";
import { afterEach, expect, test } from "vitest";
import { nameResolver } from "../src/outgoing/names.ts";
import { createOutgoing, type Outgoing } from "../src/outgoing/outgoing.ts";
import { forbiddenNames, hostileUrls } from "../src/outgoing/test-hostile-urls.ts";
import { startNameServer } from "../src/outgoing/test-name-server.ts";
import { startReceiver } from "./server/webhook-receiver.ts";
import { openSender, type Sender } from "./webhooks/sender.ts";

const HOUR = 3_600_000;
const SOON = { timeout: 60_000, interval: 20 };

const ends: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

async function opened(outgoing: Outgoing, delays: readonly number[]): Promise<Sender> {
  ends.push(() => outgoing.close());
  const sender = await openSender(outgoing, delays);
  ends.push(() => sender.close());
  return sender;
}
async function received() {
  const receiver = await startReceiver();
  ends.push(() => receiver.close());
  return receiver;
}

test("an endpoint where nothing arrives for five days is switched off, and its owner told once", async () => {
  const receiver = await received();
  receiver.answers.set("/dead", (response) => void response.writeHead(500).end());
  const everySix = Array.from({ length: 40 }, (_, n) => (n === 0 ? 0 : 6 * HOUR));
  const sender = await opened(createOutgoing({ allow: ["127.0.0.1"] }), everySix);
  const webhook = await sender.endpoint(`${receiver.url}/dead`, 1);
  await sender.start();
  const present = async () => (await sender.webhooks.get({ owner: null, id: webhook.id }))!;
  const tries = async () => (await present()).health.failures;
  for (let n = 1; (await present()).enabled && n < 40; n++) {
    await expect.poll(tries, SOON).toBe(n);
    // The delay plus its maximum jitter.
    if ((await present()).enabled) sender.clock.aheadMs += 6.7 * HOUR;
  }
  const { enabled, disabledReason, health } = await present();
  expect({ enabled, disabledReason }).toEqual({ enabled: false, disabledReason: "failing" });
  const failedMs = health.lastFailure!.at - health.failingSince!;
  expect(failedMs).toBeGreaterThanOrEqual(5 * 24 * HOUR);
  expect(failedMs).toBeLessThan(5.5 * 24 * HOUR);
  const told = await sender.notices.list({ owner: "local", limit: 10 });
  expect(told.map(({ kind, data }) => [kind, data.reason])).toEqual([["webhook.disabled", "failing"]]);
  expect(await sender.states(webhook.id)).toEqual(["pending"]);
});

test("of four that are answered with 410 at once, the owner hears once", async () => {
  const receiver = await received();
  const held: ServerResponse[] = [];
  receiver.answers.set("/gone", (response, nth) => {
    held.push(response);
    if (nth >= 4) for (const one of held.splice(0)) one.writeHead(410).end();
  });
  const sender = await opened(createOutgoing({ allow: ["127.0.0.1"] }), [0, 100]);
  const webhook = await sender.endpoint(`${receiver.url}/gone`, 6);
  await sender.start();
  await expect
    .poll(async () => (await sender.states(webhook.id)).filter((state) => state === "failed").length, SOON)
    .toBe(4);
  const told = await sender.notices.list({ owner: "local", limit: 10 });
  expect(told.map(({ kind }) => kind)).toEqual(["webhook.disabled"]);
  expect(receiver.at("/gone")).toHaveLength(4);
});

test("an endpoint that refuses the first try of everything gets everything", {
  timeout: 90_000,
}, async () => {
  const receiver = await received();
  const seen = new Set<string>();
  receiver.answers.set("/new", (response) => {
    const id = String(receiver.at("/new").at(-1)!.headers["webhook-id"]);
    response.writeHead(seen.has(id) ? 204 : 503).end();
    seen.add(id);
  });
  const sender = await opened(createOutgoing({ allow: ["127.0.0.1"] }), [0, 1_000, 1_000, 1_000]);
  const webhook = await sender.endpoint(`${receiver.url}/new`, 24);
  await sender.start();
  await expect
    .poll(async () => (await sender.states(webhook.id)).filter((state) => state === "delivered").length, {
      timeout: 80_000,
    })
    .toBe(24);
});

test("a secret that cannot be read is a failure that its owner sees, and nothing is sent", async () => {
  const receiver = await received();
  const sender = await opened(createOutgoing({ allow: ["127.0.0.1"] }), [0, 100]);
  const webhook = await sender.endpoint(`${receiver.url}/sealed`, 1);
  await sender.webhooks.update({ owner: null, id: webhook.id }, sender.now(), () => ({
    secrets: [{ sealed: Buffer.alloc(80).toString("base64url"), until: null }],
  }));
  await sender.start();
  await expect.poll(() => sender.states(webhook.id), SOON).toEqual(["failed"]);
  const [delivery] = await sender.deliveries.list({ webhookId: webhook.id, limit: 1 });
  expect(delivery).toMatchObject({ tries: 2, last: { status: null } });
  expect(delivery!.last!.error).toMatch(/secret cannot be read/);
  expect(receiver.received).toEqual([]);
});

test("an answer that comes compressed is an answer", async () => {
  const receiver = await received();
  receiver.answers.set("/packed", (response) => {
    response.writeHead(200, { "content-encoding": "gzip" }).end(Buffer.from([31, 139, 8, 0]));
  });
  const sender = await opened(createOutgoing({ allow: ["127.0.0.1"] }), [0]);
  const webhook = await sender.endpoint(`${receiver.url}/packed`, 1);
  await sender.start();
  await expect.poll(() => sender.states(webhook.id), SOON).toEqual(["delivered"]);
});

test("no delivery opens a connection to an address that is nobody's business", {
  timeout: 60_000,
}, async () => {
  let connections = 0;
  const inner = createServer((socket) => {
    connections++;
    socket.on("error", () => {});
    socket.end("HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: close\r\n\r\nok");
  });
  inner.listen(0, "::");
  await once(inner, "listening");
  ends.push(async () => inner.close());
  const { port } = inner.address() as AddressInfo;
  const names = await startNameServer((name, type) =>
    (forbiddenNames[name] ?? []).filter((address) => address.includes(":") === (type === 6)),
  );
  ends.push(() => names.close());
  const guarded = createOutgoing({
    ports: [port],
    resolve: nameResolver({ servers: [names.address] }),
    connectMs: 1_500,
  });
  const sender = await opened(guarded, [0]);
  // Every fifth URL, and all that use names.
  const urls = hostileUrls(port).filter((url, n) => n % 5 === 0 || /\.test:/.test(url));
  expect(urls.length).toBeGreaterThan(60);
  const ids: string[] = [];
  for (const url of urls) ids.push((await sender.endpoint(url, 1)).id);
  await sender.start();
  for (const id of ids) await expect.poll(() => sender.states(id), SOON).toEqual(["failed"]);
  const errors = await Promise.all(
    ids.map(async (id) => (await sender.deliveries.list({ webhookId: id, limit: 1 }))[0]!.last),
  );
  expect(errors.every((last) => last!.status === null && last!.error !== null)).toBe(true);
  expect(connections).toBe(0);
});

test("a process that comes later gets its share, and what it leaves goes back", {
  timeout: 60_000,
}, async () => {
  const receiver = await received();
  const sender = await opened(createOutgoing({ allow: ["127.0.0.1"] }), [0]);
  const held = async () => {
    const rows = await sender.database.db.selectFrom("webhook_leases").selectAll().execute();
    const shards = rows.filter(({ shard, until }) => shard >= 0 && until > sender.now());
    return [...Map.groupBy(shards, ({ holder }) => holder).values()].map((one) => one.length).toSorted();
  };
  await sender.start();
  await expect.poll(held, SOON).toEqual([32]);
  const late = await sender.start();
  await expect.poll(held, SOON).toEqual([16, 16]);
  const webhooks = await Promise.all(
    Array.from({ length: 20 }, (_, n) => sender.endpoint(`${receiver.url}/${n}`, 1)),
  );
  for (const { id } of webhooks) await expect.poll(() => sender.states(id), SOON).toEqual(["delivered"]);
  await late.close();
  await expect.poll(held, SOON).toEqual([32]);
  expect(receiver.received).toHaveLength(20);
});
