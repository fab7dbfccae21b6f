import { expect } from "vitest";
import { identityRecords, type SignInFlow } from "../../database/identities.ts";
import type { DefinePoint } from "../points.ts";
import type { DatabaseFixture } from "./fixture.ts";

export function identityPoints(point: DefinePoint<DatabaseFixture>): void {
  point(
    "identity.one-user",
    "an issuer's subject is one user, whoever claims it at once",
    async (fixture) => {
      const all = [fixture.database, await fixture.open()].map(identityRecords);
      const ada = { issuer: "https://one.example", subject: "1" };
      const asked = Array.from({ length: 6 }, (_, n) => all[n % 2]!.link(ada, `user ${n}`, 1));
      expect((await Promise.all(asked)).filter(Boolean)).toHaveLength(1);
      expect(await all[0]!.userOf({ issuer: "https://two.example", subject: "1" })).toBeNull();
      const user = (await all[1]!.userOf(ada))!;
      expect(await all[0]!.link(ada, user, 2)).toBe(true);
      await all[0]!.removeAll(user);
      expect(await all[1]!.userOf(ada)).toBeNull();
    },
  );

  point("identity.flow-once", "a flow is given to one, before its time is over", async (fixture) => {
    const all = [fixture.database, await fixture.open()].map(identityRecords);
    const flow: SignInFlow = {
      provider: "p",
      verifier: "v",
      nonce: "n",
      browser: "b",
      invite: null,
      userId: null,
    };
    await all[0]!.begin("one", flow, 1, 100);
    await all[0]!.begin("late", flow, 1, 50);
    const asked = Array.from({ length: 6 }, (_, n) => all[n % 2]!.end("one", 60));
    expect((await Promise.all(asked)).filter((found) => found !== null)).toEqual([flow]);
    expect(await all[1]!.end("late", 50)).toBeNull();
  });
}
