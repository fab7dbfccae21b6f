import { expect } from "vitest";
import { deliveryRecords } from "../../database/webhook-deliveries.ts";
import { webhookLeaseRecords } from "../../database/webhook-leases.ts";
import { shardOf, WEBHOOK_SHARDS, webhookRecords } from "../../database/webhooks.ts";
import { derivedId, newId } from "../../domain/ids.ts";
import { healthy, type WebhookRecord, type WholeDelivery } from "../../domain/webhooks.ts";
import type { DefinePoint } from "../points.ts";
import type { DatabaseFixture } from "./fixture.ts";

const NOW = 1_000_000;

export function webhookPoints(point: DefinePoint<DatabaseFixture>): void {
  endpointPoints(point);
  idlePoints(point);
  leasePoints(point);
  sharePoints(point);
  deliveryPoints(point);
}

function endpointPoints(point: DefinePoint<DatabaseFixture>): void {
  point("webhook.round-trip", "an endpoint comes back as it was created, to its owner", async (fixture) => {
    const records = webhookRecords(fixture.database);
    const one = webhook({ health: { ...healthy, failures: 2, failingSince: 5 } });
    expect(await records.create(one, 1)).toBe(true);
    expect(await records.create(webhook(), 1)).toBe(false);
    const other = webhookRecords(await fixture.open());
    expect(await other.get({ owner: "owner", id: one.id })).toEqual(one);
    expect(await other.get({ owner: "another", id: one.id })).toBeNull();
    expect(await other.remove({ owner: "another", id: one.id })).toBe(false);
    expect(await other.remove({ owner: "owner", id: one.id })).toBe(true);
    expect(await records.get({ owner: null, id: one.id })).toBeNull();
  });

  point("webhook.ailing", "endpoints that fail, and those given up, are counted", async ({ database }) => {
    const records = webhookRecords(database);
    const lastFailure = { at: 5, status: 500, message: 'it said "failures":0' };
    const failing = { ...healthy, failures: 10, lastFailure };
    for (const one of [
      webhook(),
      webhook({ health: failing }),
      webhook({ health: { ...failing, failures: 1 } }),
      webhook({ health: failing, kind: "job" }),
      webhook({ health: failing, enabled: false, disabledReason: "failing" }),
      webhook({ enabled: false, disabledReason: "owner" }),
    ])
      await records.create(one, 9);
    expect(await records.ailing(9)).toEqual({ failing: 2, disabled: 1 });
    expect(await records.ailing(1)).toEqual({ failing: 1, disabled: 1 });
  });

  point(
    "webhook.change",
    "of those who change an endpoint at once, nobody's change is lost",
    async (fixture) => {
      const all = [fixture.database, await fixture.open()].map((one) => webhookRecords(one));
      const one = webhook();
      await all[0]!.create(one, 1);
      await Promise.all(
        Array.from({ length: 10 }, (_, n) =>
          all[n % 2]!.update({ owner: null, id: one.id }, NOW + n, ({ spec }) => ({
            spec: { ...spec, pipelines: [...spec.pipelines, String(n)] },
          })),
        ),
      );
      const changed = await all[0]!.get({ owner: null, id: one.id });
      expect(changed!.spec.pipelines.toSorted()).toEqual(Array.from({ length: 10 }, (_, n) => String(n)));
      expect(await all[1]!.changedSince(NOW, 10)).toEqual([one.id]);
    },
  );
}

function idlePoints(point: DefinePoint<DatabaseFixture>): void {
  point(
    "webhook.idle",
    "addresses of jobs are forgotten when nothing was delivered for long, and endpoints never",
    async ({ database }) => {
      const records = webhookRecords(database);
      const [own, idle, waiting] = [webhook(), webhook({ kind: "job" }), webhook({ kind: "job" })];
      for (const one of [own, idle, waiting]) await records.create(one, 10);
      await deliveryRecords(database).addAll([delivery(waiting.id, 1)]);
      expect(await records.forgetIdle(1, 10)).toEqual([]);
      expect(await records.forgetIdle(2, 10)).toEqual([idle.id]);
      expect(await records.get({ owner: null, id: waiting.id })).not.toBeNull();
      expect(await records.get({ owner: null, id: own.id })).not.toBeNull();
    },
  );
}

function leasePoints(point: DefinePoint<DatabaseFixture>): void {
  point(
    "webhook.lease",
    "a shard has one holder at a time, and goes on when that is gone",
    async (fixture) => {
      const all = [fixture.database, await fixture.open(), await fixture.open()].map((one) =>
        webhookLeaseRecords(one),
      );
      const claims = await Promise.all(all.map((one, n) => one.claim(`p${n}`, NOW, NOW + 100, 8)));
      expect(new Set(claims.flat()).size).toBe(claims.flat().length);
      const [first] = claims;
      expect((await all[0]!.renew("p0", NOW + 50, NOW + 200)).toSorted()).toEqual(first!.toSorted());
      for (const shard of await all[1]!.claim("p1", NOW + 60, NOW + 200, WEBHOOK_SHARDS)) {
        expect(first).not.toContain(shard);
      }
      expect(await all[0]!.renew("p0", NOW + 300, NOW + 400)).toEqual([]);
      expect((await all[2]!.claim("late", NOW + 500, NOW + 600, WEBHOOK_SHARDS)).length).toBe(WEBHOOK_SHARDS);
      await all[2]!.resign("late");
      expect((await all[0]!.claim("p0", NOW + 501, NOW + 600, 4)).length).toBe(WEBHOOK_SHARDS);
    },
  );
}

function sharePoints(point: DefinePoint<DatabaseFixture>): void {
  point(
    "webhook.lease-share",
    "who comes later gets a fair share, as others give up what they have beyond theirs",
    async (fixture) => {
      const [one, two] = [fixture.database, await fixture.open()].map((all) => webhookLeaseRecords(all));
      await one!.sit("p1", NOW + 100);
      const all = await one!.claim("p1", NOW, NOW + 100, 4);
      expect(all).toHaveLength(WEBHOOK_SHARDS);
      expect(await one!.excess("p1", NOW)).toBe(0);
      await two!.sit("p2", NOW + 100);
      expect(await two!.claim("p2", NOW, NOW + 100, 4)).toEqual([]);
      expect(await one!.excess("p1", NOW)).toBe(WEBHOOK_SHARDS / 2);
      await one!.release("p1", all.slice(0, WEBHOOK_SHARDS / 2));
      expect(await two!.claim("p2", NOW, NOW + 100, 4)).toHaveLength(4);
      expect(await two!.claim("p2", NOW, NOW + 100, WEBHOOK_SHARDS)).toHaveLength(WEBHOOK_SHARDS / 2 - 4);
      // Free shards beyond a fair share may not be taken.
      await two!.release("p2", all.slice(0, 2));
      expect(await one!.claim("p1", NOW, NOW + 100, 4)).toEqual([]);
      expect((await one!.renew("p1", NOW + 1, NOW + 200)).filter((shard) => shard < 0)).toHaveLength(1);
    },
  );

  point(
    "webhook.lease-ended",
    "what a process held that is known to have ended is taken over at once",
    async (fixture) => {
      const [one, two] = [fixture.database, await fixture.open()].map((all) => webhookLeaseRecords(all));
      await one!.sit("dead", NOW + 100);
      await one!.claim("dead", NOW, NOW + 100, 4);
      await two!.sit("alive", NOW + 100);
      expect(await two!.claim("alive", NOW + 1, NOW + 101, 4)).toEqual([]);
      const hasEnded = (holder: string) => holder === "dead";
      expect(await two!.claim("alive", NOW + 1, NOW + 101, 4, hasEnded)).toHaveLength(WEBHOOK_SHARDS);
      expect(await one!.renew("dead", NOW + 2, NOW + 102)).toEqual([]);
    },
  );
}

function deliveryPoints(point: DefinePoint<DatabaseFixture>): void {
  point(
    "webhook.collect",
    "an event is delivered once, however often its log is read",
    async ({ database }) => {
      const records = deliveryRecords(database);
      const webhookId = newId();
      const made = Array.from({ length: 3 }, (_, n) => delivery(webhookId, n + 1));
      await records.collected(made.slice(0, 2), { webhookId, owner: "owner", position: 2 });
      await records.collected(made, { webhookId, owner: "owner", position: 3 });
      // A reader that lost its lease must not move the position back.
      await records.collected([], { webhookId, owner: "owner", position: 1 });
      expect(await records.positions(webhookId, "", 10)).toEqual([{ owner: "owner", position: 3 }]);
      expect((await records.list({ webhookId, limit: 10 })).map(({ number }) => number)).toEqual([3, 2, 1]);
      expect(await records.due({ webhookId, now: NOW + 2, limit: 10, byHand: false })).toEqual(
        made.slice(0, 2),
      );
      expect(await records.nextDue(webhookId)).toBe(NOW + 1);
      expect(await records.nextDue(webhookId, NOW + 2)).toBe(NOW + 3);
      expect(await records.due({ webhookId, now: NOW + 9, limit: 10, byHand: false, tried: true })).toEqual(
        [],
      );
    },
  );

  point("webhook.tries", "a try is noted, and what has ended can be sent again", async ({ database }) => {
    const records = deliveryRecords(database);
    const webhookId = newId();
    const one = delivery(webhookId, 1);
    await records.addAll([one]);
    const attempt = { at: NOW, ms: 5, status: 200, error: null, response: { headers: {}, body: "ok" } };
    const change = { state: "delivered", tries: 1, dueAt: null, endedAt: NOW, attempts: [attempt] } as const;
    await records.batch([records.noting(one, { ...change, attempts: [attempt] })]);
    expect(await records.get(one)).toMatchObject({ ...change, last: { status: 200 } });
    expect(await records.nextDue(webhookId)).toBeNull();
    const resend = { webhookId, from: "0", failedOnly: false, askedAt: NOW + 10, now: NOW + 11 };
    const counted = { webhookId, from: "0", most: 9 };
    expect(await records.resendable({ ...counted, failedOnly: true })).toBe(0);
    expect(await records.resendable({ ...counted, failedOnly: false })).toBe(1);
    expect(await records.known(webhookId, [one.id, "none"])).toEqual(new Set([one.id]));
    await records.resend({ ...resend, failedOnly: true });
    expect(await records.get(one)).toMatchObject({ state: "delivered" });
    await records.resend(resend);
    expect(await records.get(one)).toMatchObject({ state: "pending", tries: 0, dueAt: NOW + 11 });
    const tried = await records.due({ webhookId, now: NOW + 11, limit: 9, byHand: false, tried: true });
    expect(tried.map(({ id }) => id)).toEqual([one.id]);
    await records.batch([records.noting((await records.get(one))!, { ...change, attempts: [attempt] })]);
    // The same request, after a crash.
    await records.resend(resend);
    expect(await records.get(one)).toMatchObject({ state: "delivered" });
    expect(await records.retry(one, NOW + 20)).toBe(true);
    expect(await records.due({ webhookId, now: NOW + 20, limit: 1, byHand: true })).toHaveLength(1);
  });

  point(
    "webhook.forget",
    "old deliveries are forgotten, and old ones that wait given up",
    async ({ database }) => {
      const records = deliveryRecords(database);
      const webhookId = newId();
      await records.addAll([delivery(webhookId, 1), { ...delivery(webhookId, 2), createdAt: NOW + 100 }]);
      await records.forget(NOW + 50, NOW + 60);
      expect((await records.list({ webhookId, limit: 10 })).map(({ state }) => state)).toEqual([
        "pending",
        "cancelled",
      ]);
      await records.forget(NOW + 90, NOW + 90);
      expect((await records.list({ webhookId, limit: 10 })).map(({ number }) => number)).toEqual([2]);
    },
  );
}

function webhook(parts: Partial<WebhookRecord> = {}): WebhookRecord {
  const id = newId();
  return {
    id,
    owner: "owner",
    kind: "own",
    shard: shardOf(id),
    spec: {
      url: "https://example.com/",
      format: "generic",
      events: ["job.succeeded"],
      pipelines: [],
      description: "알림",
    },
    secrets: [{ sealed: "sealed", until: null }],
    enabled: true,
    disabledReason: null,
    health: healthy,
    since: 1,
    resend: null,
    createdAt: 1,
    version: 1,
    ...parts,
  };
}

function delivery(webhookId: string, number: number): WholeDelivery {
  return {
    webhookId,
    id: derivedId(NOW + number, webhookId, String(number)),
    owner: "owner",
    number,
    event: "job.succeeded",
    jobId: newId(),
    state: "pending",
    tries: 0,
    dueAt: NOW + number,
    byHand: false,
    createdAt: NOW,
    endedAt: null,
    last: null,
    payload: { type: "job.succeeded", timestamp: "2026-01-01T00:00:00.000Z", data: { number } },
    attempts: [],
  };
}
