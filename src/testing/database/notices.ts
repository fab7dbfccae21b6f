import { expect } from "vitest";
import { noticeMailRecords } from "../../database/notice-mails.ts";
import { noticeRecords } from "../../database/notices.ts";
import { newId } from "../../domain/ids.ts";
import { KEPT_NOTICES, type NewNotice } from "../../domain/notices.ts";
import type { DefinePoint } from "../points.ts";
import type { DatabaseFixture } from "./fixture.ts";

const MINUTE = 60_000;

export function noticePoints(point: DefinePoint<DatabaseFixture>): void {
  point("notice.once", "a notification is there once, however often it is added", async (fixture) => {
    const all = [fixture.database, await fixture.open()].map(noticeRecords);
    const one = notice();
    await Promise.all(Array.from({ length: 6 }, (_, n) => all[n % 2]!.add([one])));
    expect(await all[0]!.list({ owner: "ada", limit: 10 })).toEqual([
      { ...one, page: true, browser: false, readAt: null },
    ]);
    expect(await all[0]!.unread("ada")).toBe(1);
    await all[0]!.mark("ada", one.id, 7);
    await all[1]!.add([one]);
    expect((await all[1]!.get("ada", one.id))!.readAt).toBe(7);
    expect(await all[1]!.get("ben", one.id)).toBe(null);
    await all[0]!.mark("ben", one.id, null);
    expect(await all[1]!.unread("ada")).toBe(0);
  });

  point("notice.turn", "of many who find the same reason, one adds its notification", async (fixture) => {
    const all = [fixture.database, await fixture.open()].map(noticeRecords);
    const add = (at: number) =>
      Promise.all(Array.from({ length: 8 }, (_, n) => all[n % 2]!.addOnce(notice(), { name: "quota", at })));
    expect((await add(1)).filter(Boolean)).toHaveLength(1);
    expect((await add(1)).filter(Boolean)).toHaveLength(0);
    expect((await add(2)).filter(Boolean)).toHaveLength(1);
    expect(await all[0]!.list({ owner: "ada", limit: 10 })).toHaveLength(2);
  });

  point("notice.choices", "owners choose where kinds of notifications arrive", async (fixture) => {
    const records = noticeRecords(fixture.database);
    const mails = noticeMailRecords(fixture.database);
    await records.change("ada", { "job.ended": { page: false, email: true, browser: false } }, "ko");
    await records.add([notice(), notice({ kind: "job.failed" }), notice({ owner: "ben" })]);
    expect((await records.list({ owner: "ada", limit: 10 })).map(({ kind }) => kind)).toEqual(["job.failed"]);
    expect((await mails.list("ada", 10)).map(({ kind, state }) => [kind, state])).toEqual([
      ["job.ended", "waiting"],
    ]);
    expect(await records.list({ owner: "ben", limit: 10 })).toHaveLength(1);
    expect([await records.locale("ada"), await records.locale("ben")]).toEqual(["ko", null]);
    await records.removeAll("ada");
    expect(await records.choices("ada")).toEqual({});
    expect(await mails.list("ada", 10)).toEqual([]);
    expect(await records.list({ owner: "ada", limit: 10 })).toEqual([]);
    expect(await records.list({ owner: "ben", limit: 10 })).toHaveLength(1);
  });

  point("notice.trim", "a list keeps the newest", async ({ database }) => {
    const records = noticeRecords(database);
    const many = Array.from({ length: KEPT_NOTICES + 3 }, (_, n) => notice({ at: n + 1 }));
    for (let from = 0; from < many.length; from += 100) await records.add(many.slice(from, from + 100));
    await records.add([notice({ owner: "ben", at: 5 }), notice({ owner: "ben", at: 50 })]);
    expect(await records.unread("ada")).toBe(KEPT_NOTICES);
    expect(await records.trim("", 20)).toBe(null);
    expect(await records.get("ada", many[22]!.id)).toMatchObject({ at: 23 });
    expect(await records.get("ada", many[2]!.id)).toBe(null);
    expect((await records.list({ owner: "ben", limit: 10 })).map(({ at }) => at)).toEqual([50]);
    expect(await records.markAll("ada", 9, many[100]!.id)).toBe(101 - 19);
    expect(await records.markAll("ada", 9)).toBe(KEPT_NOTICES + 3 - 101);
    expect(await records.unread("ada")).toBe(0);
  });

  mailPoints(point);
}

function mailPoints(point: DefinePoint<DatabaseFixture>): void {
  const ada = { owner: "ada", address: null };
  const claimed = (mailId: string, now: number) => ({
    ...{ mailId, now, until: now + MINUTE, quietSince: now - MINUTE, limit: 10 },
  });

  async function waiting(fixture: DatabaseFixture, count: number) {
    const records = noticeRecords(fixture.database);
    await records.change("ada", { "job.ended": { page: true, email: true, browser: false } });
    await records.add(Array.from({ length: count }, () => notice()));
    return noticeMailRecords(fixture.database);
  }
  const states = async (fixture: DatabaseFixture) =>
    (await noticeMailRecords(fixture.database).list("ada", 10)).map(({ state }) => state);

  point(
    "mail.claim",
    "of many who claim a recipient's mails at once, one gets all of them",
    async (fixture) => {
      await waiting(fixture, 3);
      const all = [fixture.database, await fixture.open()].map(noticeMailRecords);
      const taken = await Promise.all(
        Array.from({ length: 8 }, (_, n) => all[n % 2]!.claim(ada, claimed(`m${n}`, 100))),
      );
      expect(taken.toSorted()).toEqual([0, 0, 0, 0, 0, 0, 0, 3]);
      const winner = `m${taken.indexOf(3)}`;
      expect(await all[0]!.begin(winner, 500)).toHaveLength(3);
      expect(await all[1]!.begin(winner, 500)).toHaveLength(0);
      await all[0]!.end(winner, "sent", 200, null);
      expect(await states(fixture)).toEqual(["sent", "sent", "sent"]);
      // A notification that comes a moment later waits for the next mail.
      await noticeRecords(fixture.database).add([notice()]);
      expect(await all[0]!.claim(ada, claimed("soon", 300))).toBe(0);
      expect(await all[0]!.claim(ada, claimed("later", 200 + MINUTE))).toBe(1);
    },
  );

  point(
    "mail.dead",
    "what a dead process had claimed waits; what it was sending is never sent again",
    async (fixture) => {
      const mails = await waiting(fixture, 1);
      await mails.claim(ada, claimed("first", 100));
      await mails.recover(99 + MINUTE);
      expect(await states(fixture)).toEqual(["claimed"]);
      await mails.recover(100 + MINUTE);
      expect(await states(fixture)).toEqual(["waiting"]);
      expect(await mails.begin("first", 1)).toEqual([]);
      await mails.claim(ada, claimed("second", 100 + MINUTE));
      expect(await mails.begin("second", 3 * MINUTE)).toHaveLength(1);
      await mails.recover(2 * MINUTE);
      expect(await states(fixture)).toEqual(["sending"]);
      await mails.recover(3 * MINUTE);
      expect(await states(fixture)).toEqual(["unknown"]);
      expect(await mails.recipients(9 * MINUTE, 10)).toEqual([]);
      await mails.defer("second", 1, "late");
      expect(await states(fixture)).toEqual(["unknown"]);
      await mails.end("second", "sent", 4 * MINUTE, null);
      expect(await states(fixture)).toEqual(["sent"]);
    },
  );

  point(
    "mail.deferred",
    "what was turned away waits for its time, and is given up in the end",
    async (fixture) => {
      const mails = await waiting(fixture, 1);
      await mails.claim(ada, claimed("first", 100));
      await mails.begin("first", MINUTE);
      await mails.defer("first", 5 * MINUTE, "451 later");
      expect(await mails.recipients(5 * MINUTE - 1, 10)).toEqual([]);
      expect(await mails.recipients(5 * MINUTE, 10)).toEqual([ada]);
      expect(await mails.claim(ada, claimed("again", 5 * MINUTE))).toBe(1);
      expect(await mails.begin("again", 6 * MINUTE)).toMatchObject([{ tries: 2 }]);
      await mails.defer("again", 7 * MINUTE, "451 later");
      await mails.tidy(8 * MINUTE, 2, 0);
      expect(await mails.list("ada", 10)).toMatchObject([{ state: "refused", error: "451 later" }]);
      await mails.tidy(9 * MINUTE, 2, 9 * MINUTE);
      expect(await mails.list("ada", 10)).toEqual([]);
    },
  );
}

function notice(parts: Partial<NewNotice> = {}): NewNotice {
  const at = parts.at ?? 1;
  return { owner: "ada", id: newId(at), kind: "job.ended", at, jobId: "j", data: { total: 1 }, ...parts };
}
