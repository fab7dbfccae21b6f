import { expect, onTestFinished, test } from "vitest";
import { sqliteBus } from "../adapters/sqlite/bus.ts";
import { connectWriter } from "../adapters/sqlite/client.ts";
import { sqliteDatabase } from "../adapters/sqlite/database.ts";
import { testWriter } from "../adapters/sqlite/testing.ts";
import type { Bus } from "../ports/bus.ts";
import { eventually } from "../testing/wait.ts";
import { createAccess } from "./access.ts";
import { createReplica } from "./replica.ts";

/** @param n number of processes */
async function world(n: number, via: (bus: Bus) => Bus = (bus) => bus) {
  const { socketPath, close } = await testWriter({ publishes: false });
  onTestFinished(close);
  return Promise.all(
    Array.from({ length: n }, async () => {
      const database = sqliteDatabase(await connectWriter(socketPath));
      const bus = sqliteBus(await connectWriter(socketPath));
      const replica = createReplica({ database, bus: via(bus), now: Date.now });
      const access = createAccess({ replica, bus: via(bus), now: Date.now });
      const seconds: number[] = [];
      access.onRevoked((one) => void seconds.push(one));
      await access.start();
      onTestFinished(async () => {
        await access.close();
        await replica.close();
        await bus.close();
        await database.close();
      });
      return { access, seconds };
    }),
  );
}

test("a logout is applied by three of three processes", async () => {
  const [first, ...others] = await world(3);
  const { access } = first!;
  await eventually(
    () => access.state().processes === 3,
    2_000,
    () => `${access.state().processes} processes`,
  );
  const { written } = await access.replica.commit(
    access.revocations.changes([{ kind: "sid", id: "session", expiresAt: null }]),
  );
  expect(await access.applied(written, 1_000)).toEqual({ processes: 3, of: 3 });
  for (const { access } of others) {
    const { revocations } = access;
    expect(revocations.isRevoked({ sid: "session" }, access.guard().fresh()!)).toBe(true);
  }
});

test("a process that ended is not waited for", async () => {
  const [first, second] = await world(2);
  const { access } = first!;
  await second!.access.close();
  await eventually(
    () => access.state().processes === 1,
    2_000,
    () => `${access.state().processes} processes`,
  );
  const { written } = await access.replica.commit(
    access.revocations.changes([{ kind: "jti", id: "token", expiresAt: null }]),
  );
  expect(await access.applied(written, 1_000)).toEqual({ processes: 1, of: 1 });
});

test("where nobody hears anything, only this process is known to have applied it", async () => {
  const all = await world(2, (bus) => ({ ...bus, publish: async () => {} }));
  const { access } = all[0]!;
  await eventually(
    () => access.state().processes === 2,
    2_000,
    () => `${access.state().processes} processes`,
  );
  const { written } = await access.replica.commit(
    access.revocations.changes([{ kind: "jti", id: "token", expiresAt: null }]),
  );
  expect(await access.applied(written, 300)).toEqual({ processes: 1, of: 2 });
});

test("the canary measures how long it takes to refuse a token, and shows a bus that drops everything", async () => {
  const [quick] = await world(1);
  await quick!.access.look();
  expect(quick!.seconds).toHaveLength(1);
  expect(quick!.seconds[0]).toBeLessThan(0.5);
  const [slow] = await world(1, (bus) => ({ ...bus, publish: async () => {} }));
  for (let n = 0; n < 2; n++) await slow!.access.look();
  const longest = Math.max(...slow!.seconds);
  expect(longest).toBeGreaterThan(0.02);
  expect(longest).toBeLessThan(1);
});

test("a token is revoked by its id, its session, or whose it is until it was issued anew", async () => {
  const [only] = await world(1);
  const { access } = only!;
  const { replica, revocations } = access;
  const at = Date.now();
  await replica.commit(
    revocations.changes([
      { kind: "jti", id: "same", expiresAt: at + 60_000 },
      { kind: "sub", id: "ada", expiresAt: at + 60_000, before: at },
    ]),
  );
  const reading = access.guard().fresh()!;
  const seconds = Math.floor(at / 1_000);
  for (const [token, isRevoked] of [
    [{ jti: "same" }, true],
    [{ sid: "same" }, false],
    [{ sub: "same" }, false],
    [{ sub: "ada" }, true],
    [{ sub: "ada", iat: seconds }, true],
    [{ sub: "ada", iat: seconds + 0.999 }, true],
    [{ sub: "ada", iat: seconds + 1 }, false],
    [{ sub: "bob", jti: "other" }, false],
    [{}, false],
  ] as const)
    expect([token, revocations.isRevoked(token, reading)]).toEqual([token, isRevoked]);
});
