import { expect, onTestFinished, test } from "vitest";
import { sqliteBus } from "../adapters/sqlite/bus.ts";
import { connectWriter } from "../adapters/sqlite/client.ts";
import { sqliteDatabase } from "../adapters/sqlite/database.ts";
import { testWriter } from "../adapters/sqlite/testing.ts";
import { createAccess } from "../replica/access.ts";
import { createReplica } from "../replica/replica.ts";
import { accountMaps, type KnownUser } from "./maps.ts";
import { knownPrincipals } from "./principals.ts";

/** Processes that get no change notifications, and so poll. */
async function world(n: number) {
  const { socketPath, close } = await testWriter({ publishes: false });
  onTestFinished(close);
  return Promise.all(
    Array.from({ length: n }, async () => {
      const database = sqliteDatabase(await connectWriter(socketPath));
      const bus = { ...sqliteBus(await connectWriter(socketPath)), publish: async () => {} };
      const replica = createReplica({ database, bus, now: Date.now });
      const access = createAccess({ replica, bus, now: Date.now });
      const maps = accountMaps(replica);
      const guard = access.guard([maps.users, maps.keys]);
      await access.start();
      onTestFinished(async () => {
        await access.close();
        await replica.close();
        await bus.close();
        await database.close();
      });
      const { revocations } = access;
      return { replica, maps, principals: knownPrincipals(maps, { revocations, guard, now: Date.now }) };
    }),
  );
}

test("a token counts at once where its user, or their new tokens, have not been heard of", async () => {
  const [first, second] = await world(2);
  const ada: KnownUser = {
    ...{ id: "ada", email: null, name: "Ada", role: "user", state: "active", generation: 1, quotas: {} },
  };
  const iat = Math.floor(Date.now() / 1_000);
  const token = (gen: number) => ({
    ...{ sub: "ada", sid: "session", jti: "token" },
    gen,
    iat,
    exp: iat + 60,
  });
  const { replica, maps } = first!;
  for (const generation of [1, 2, 3]) {
    const user = { ...ada, generation };
    await replica.commit([maps.users.set("ada", user)]);
    expect(await second!.principals.ofToken(token(generation))).toEqual(user);
  }
  expect(await second!.principals.ofToken(token(4))).toBeNull();
  expect(await second!.principals.ofToken({ ...token(1), sub: "nobody" })).toBeNull();
  await replica.commit([maps.users.set("ada", { ...ada, generation: 5, state: "disabled" })]);
  expect(await second!.principals.ofToken(token(5))).toBeNull();
});
