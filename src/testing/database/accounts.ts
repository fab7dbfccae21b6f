import { expect } from "vitest";
import { linkRecords } from "../../database/account-links.ts";
import { apiKeyRecords } from "../../database/api-keys.ts";
import { sessionRecords } from "../../database/sessions.ts";
import { userRecords } from "../../database/users.ts";
import type { ApiKeyRecord, LinkRecord, SessionRecord, UserRecord } from "../../domain/accounts.ts";
import { newId } from "../../domain/ids.ts";
import type { DefinePoint } from "../points.ts";
import type { DatabaseFixture } from "./fixture.ts";

const NOW = 1_000;

export function accountPoints(point: DefinePoint<DatabaseFixture>): void {
  userPoints(point);
  linkPoints(point);
  sessionPoints(point);
  keyPoints(point);
}

function userPoints(point: DefinePoint<DatabaseFixture>): void {
  point("user.round-trip", "a user comes back as created, and an address has one user", async (fixture) => {
    const users = userRecords(fixture.database);
    const ada = user({ email: "ada@example.org", name: "에이다", quotas: { jobs: 3, storedBytes: null } });
    expect(await users.create(ada)).toBe(true);
    expect(await users.create(user({ email: "ada@example.org" }))).toBe(false);
    const other = userRecords(await fixture.open());
    expect(await other.byId(ada.id)).toEqual(ada);
    expect(await other.byEmail("ada@example.org")).toEqual(ada);
    expect(await other.byEmail("ben@example.org")).toBeNull();
    const nameless = [user({ email: null }), user({ email: null })];
    for (const one of nameless) expect(await users.create(one)).toBe(true);
    expect(await users.list({ limit: 2 })).toEqual([ada, nameless[0]]);
    expect(await users.list({ limit: 2, after: nameless[0]!.id })).toEqual([nameless[1]]);
    await users.remove(ada.id);
    expect(await users.byId(ada.id)).toBeNull();
  });

  point(
    "user.change",
    "changes are of what was named, and end tokens where they should",
    async ({ database }) => {
      const users = userRecords(database);
      const ada = user({ passwordHash: "a" });
      await users.create(ada);
      expect(await users.change(ada.id, { name: "Ada" })).toEqual({ ...ada, name: "Ada" });
      const changed = await users.change(ada.id, { passwordHash: "b" }, { endsTokens: true });
      expect(changed).toEqual({ ...ada, name: "Ada", passwordHash: "b", generation: 2 });
      expect(await users.change(newId(), { name: "Nobody" })).toBeNull();
    },
  );

  point("user.last-admin", "the last active admin stays one", async ({ database }) => {
    const users = userRecords(database);
    const [ada, ben] = [user({ role: "admin" }), user({ role: "admin", state: "disabled" })];
    for (const one of [ada, ben]) await users.create(one);
    expect(await users.hasAdmin()).toBe(true);
    for (const change of [{ role: "user" }, { state: "disabled" }, { state: "deleting" }] as const) {
      expect(await users.change(ada.id, change)).toBeNull();
    }
    await users.change(ben.id, { state: "active" });
    expect(await users.change(ada.id, { role: "user" })).toMatchObject({ role: "user" });
    expect(await users.change(ben.id, { state: "disabled" })).toBeNull();
  });

  point("user.last-admins", "of two admins who disable each other at once, one stays", async (fixture) => {
    const all = [fixture.database, await fixture.open()].map((one) => userRecords(one));
    for (let round = 0; round < 10; round++) {
      const two = [user({ role: "admin" }), user({ role: "admin" })];
      for (const one of two) await all[0]!.create(one);
      const changed = await Promise.all(
        two.map(({ id }, n) => all[n]!.change(id, { state: "disabled" }, { endsTokens: true })),
      );
      expect(changed.filter(Boolean)).toHaveLength(1);
      for (const { id } of two) await all[0]!.remove(id);
    }
  });

  point("user.links", "links go with the right to make them", async ({ database }) => {
    const [users, links] = [userRecords(database), linkRecords(database)];
    const [ada, ben] = [user({ role: "admin" }), user({ role: "admin" })];
    for (const one of [ada, ben]) {
      await users.create(one);
      await links.create(link({ createdBy: one.id }), `of ${one.id}`, NOW);
    }
    await users.change(ben.id, { name: "Ben" });
    expect(await links.list({ kind: "invite", now: NOW, limit: 10 })).toHaveLength(2);
    await users.change(ben.id, { role: "user" });
    expect(await users.change(ada.id, { role: "user" })).toBeNull();
    expect(await links.get(`of ${ben.id}`, ["invite"], NOW)).toBeNull();
    expect(await links.get(`of ${ada.id}`, ["invite"], NOW)).not.toBeNull();
  });
}

function linkPoints(point: DefinePoint<DatabaseFixture>): void {
  point("link.one-account", "an invite makes one account, however many try at once", async (fixture) => {
    const all = [fixture.database, await fixture.open(), await fixture.open()].map((one) => userRecords(one));
    const links = linkRecords(fixture.database);
    await links.create(link(), "hash", NOW);
    const made = Array.from({ length: 9 }, (_, n) =>
      all[n % 3]!.createByLink(user({ email: `u${n}@example.org` }), "hash", NOW),
    );
    expect((await Promise.all(made)).filter(Boolean)).toHaveLength(1);
    expect(await all[0]!.list({ limit: 10 })).toHaveLength(1);
    expect(await links.get("hash", ["invite"], NOW)).toBeNull();
  });

  point("link.kept", "an invite is not used up by an account that is not made", async ({ database }) => {
    const [users, links] = [userRecords(database), linkRecords(database)];
    await users.create(user({ email: "ada@example.org" }));
    await links.create(link({ email: null }), "any", NOW);
    await links.create(link({ email: "ben@example.org" }), "ben's", NOW);
    expect(await users.createByLink(user({ email: "ada@example.org" }), "any", NOW)).toBe(false);
    expect(await users.createByLink(user({ email: "eve@example.org" }), "ben's", NOW)).toBe(false);
    expect(await users.createByLink(user({ email: "eve@example.org" }), "any", NOW + 100)).toBe(false);
    expect(await users.list({ limit: 10 })).toHaveLength(1);
    expect(await links.list({ kind: "invite", now: NOW, limit: 10 })).toHaveLength(2);
    expect(await users.createByLink(user({ email: "ben@example.org" }), "ben's", NOW)).toBe(true);
  });

  point("link.first-admin", "the first admin's link counts while there is none", async ({ database }) => {
    const [users, links] = [userRecords(database), linkRecords(database)];
    await links.create(link({ kind: "first-admin", role: "admin" }), "one", NOW);
    await links.create(link({ kind: "first-admin", role: "admin" }), "two", NOW);
    expect(await users.createByLink(user({ role: "admin" }), "one", NOW)).toBe(true);
    expect(await users.createByLink(user({ role: "admin" }), "two", NOW)).toBe(false);
  });

  point(
    "link.once",
    "a link to reset a password is used once, and replaces the one before",
    async (fixture) => {
      const links = linkRecords(fixture.database);
      const other = linkRecords(await fixture.open());
      const reset = (parts = {}) => link({ kind: "reset", userId: "ada", ...parts });
      await links.create(reset(), "old", NOW, true);
      await links.create(reset(), "new", NOW, true);
      await links.create(reset({ userId: "ben" }), "ben's", NOW, true);
      expect(await links.use("old", "reset", NOW)).toBeNull();
      expect(await links.use("new", "verify", NOW)).toBeNull();
      const used = Array.from({ length: 6 }, (_, n) => (n % 2 ? links : other).use("new", "reset", NOW));
      expect((await Promise.all(used)).filter((one) => one !== null)).toHaveLength(1);
      expect(await links.use("ben's", "reset", NOW + 100)).toBeNull();
      expect(await links.use("ben's", "reset", NOW)).toMatchObject({ userId: "ben" });
    },
  );
}

function sessionPoints(point: DefinePoint<DatabaseFixture>): void {
  point("session.rotate", "of those who refresh at once, one gets the next count", async (fixture) => {
    const all = [fixture.database, await fixture.open()].map((one) => sessionRecords(one));
    const one = session();
    await all[0]!.create(one, NOW);
    const to = { now: NOW + 1, expiresAt: NOW + 500, address: "::1" };
    const asked = Array.from({ length: 6 }, (_, n) => all[n % 2]!.rotate(one, to));
    expect((await Promise.all(asked)).filter(Boolean)).toHaveLength(1);
    expect(await all[1]!.live(one.id, NOW + 400)).toEqual({
      ...one,
      counter: 2,
      rotatedAt: NOW + 1,
      lastUsedAt: NOW + 1,
      expiresAt: NOW + 500,
      address: "::1",
    });
    expect(await all[1]!.live(one.id, NOW + 500)).toBeNull();
  });

  point(
    "session.revoke",
    "a session is ended by its user alone, and all of them at once",
    async ({ database }) => {
      const sessions = sessionRecords(database);
      const mine = [session(), session(), session()];
      const theirs = session({ userId: "ben" });
      for (const one of [...mine, theirs]) await sessions.create(one, NOW);
      expect(await sessions.revoke(mine[0]!.id, "ben", NOW)).toBe(false);
      expect(await sessions.revoke(mine[0]!.id, "ada", NOW)).toBe(true);
      expect(await sessions.revoke(mine[0]!.id, "ada", NOW)).toBe(false);
      expect(await sessions.rotate(mine[0]!, { now: NOW, expiresAt: NOW + 1, address: "" })).toBe(false);
      expect((await sessions.ofUser("ada", NOW, 10)).map(({ id }) => id)).toEqual([mine[2]!.id, mine[1]!.id]);
      expect(await sessions.revokeAll("ada", NOW, mine[2]!.id)).toEqual([mine[1]!.id]);
      expect(await sessions.ofUser("ada", NOW, 10)).toEqual([mine[2]]);
      expect(await sessions.ofUser("ben", NOW, 10)).toEqual([theirs]);
    },
  );

  point("session.signing-keys", "of processes that make a signing key at once, one does", async (fixture) => {
    const all = [fixture.database, await fixture.open()].map((one) => sessionRecords(one));
    const bounds = { unlessSince: 900, forgetBefore: 100 };
    for (let n = 0; n < 4; n++) {
      await all[n % 2]!.addSigningKey({ id: `key ${n}`, createdAt: NOW + n }, bounds);
    }
    expect(await all[0]!.signingKeys()).toEqual([{ id: "key 0", createdAt: NOW }]);
    await all[1]!.addSigningKey({ id: "next", createdAt: 2_000 }, { unlessSince: 1_900, forgetBefore: 500 });
    expect((await all[0]!.signingKeys()).map(({ id }) => id)).toEqual(["next", "key 0"]);
    await all[1]!.addSigningKey(
      { id: "last", createdAt: 3_000 },
      { unlessSince: 2_900, forgetBefore: 1_500 },
    );
    expect((await all[0]!.signingKeys()).map(({ id }) => id)).toEqual(["last", "next"]);
  });
}

function keyPoints(point: DefinePoint<DatabaseFixture>): void {
  point(
    "api-key.records",
    "keys are their user's, found by hash, and at most so many",
    async ({ database }) => {
      const keys = apiKeyRecords(database);
      const made = [apiKey(), apiKey({ scopes: ["jobs", "metrics"], expiresAt: NOW }), apiKey()];
      expect(await keys.create(made[0]!, "one", 2)).toBe(true);
      expect(await keys.create(made[1]!, "two", 2)).toBe(true);
      expect(await keys.create(made[2]!, "three", 2)).toBe(false);
      expect(await keys.byHash("two")).toEqual(made[1]);
      expect(await keys.byHash("three")).toBeNull();
      expect(await keys.list({ userId: "ada", limit: 10 })).toEqual(made.slice(0, 2));
      expect(await keys.rename("ben", made[0]!.id, "his")).toBe(false);
      expect(await keys.remove("ben", made[0]!.id)).toBe(false);
      expect(await keys.get("ben", made[0]!.id)).toBeNull();
      await keys.used(
        new Map([
          [made[0]!.id, 70],
          [made[1]!.id, 80],
        ]),
      );
      await keys.used(new Map([[made[0]!.id, 60]]));
      const times = (await keys.list({ userId: "ada", limit: 10 })).map(({ lastUsedAt }) => lastUsedAt);
      expect(times).toEqual([70, 80]);
      expect(await keys.remove("ada", made[0]!.id)).toBe(true);
      expect(await keys.byHash("one")).toBeNull();
    },
  );
}

function user(parts: Partial<UserRecord> = {}): UserRecord {
  return {
    id: newId(),
    email: null,
    emailVerifiedAt: null,
    name: "",
    passwordHash: null,
    role: "user",
    state: "active",
    generation: 1,
    quotas: {},
    createdAt: NOW,
    lastLoginAt: null,
    ...parts,
  };
}

function link(parts: Partial<LinkRecord> = {}): LinkRecord {
  const [createdAt, expiresAt] = [NOW, NOW + 100];
  return {
    id: newId(),
    kind: "invite",
    userId: null,
    email: null,
    role: "user",
    createdBy: null,
    createdAt,
    expiresAt,
    ...parts,
  };
}

function session(parts: Partial<SessionRecord> = {}): SessionRecord {
  return {
    id: newId(),
    userId: "ada",
    counter: 1,
    device: "browser",
    address: "127.0.0.1",
    createdAt: NOW,
    rotatedAt: NOW,
    lastUsedAt: NOW,
    expiresAt: NOW + 100,
    revokedAt: null,
    ...parts,
  };
}

function apiKey(parts: Partial<ApiKeyRecord> = {}): ApiKeyRecord {
  const [createdAt, expiresAt, lastUsedAt] = [NOW, null, null];
  return {
    id: newId(),
    userId: "ada",
    name: "key",
    hint: "mr_abc",
    scopes: ["jobs"],
    createdAt,
    expiresAt,
    lastUsedAt,
    ...parts,
  };
}
