import { expect, test } from "vitest";
import { createPasswords } from "./passwords.ts";

const PASSWORD = "correct horse battery";

test("a password is the one that was hashed", async () => {
  const { hash, verify } = createPasswords();
  const kept = await hash(PASSWORD, null);
  expect([await verify(kept, PASSWORD), await verify(kept, "another one")]).toEqual([true, false]);
  expect(await verify(null, PASSWORD)).toBe(false);
});

test("the first check after a start takes as long for nobody as for somebody", async () => {
  const kept = await createPasswords().hash(PASSWORD, null);
  // CPU time, because other programs do not affect it.
  const cost = async (passwordHash: string | null) => {
    const { verify } = createPasswords();
    const began = process.cpuUsage();
    await verify(passwordHash, "another one");
    const { user, system } = process.cpuUsage(began);
    return user + system;
  };
  let [known, unknown] = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY];
  for (let n = 0; n < 8; n++) {
    known = Math.min(known, await cost(kept));
    unknown = Math.min(unknown, await cost(null));
  }
  expect(Math.max(known, unknown) / Math.min(known, unknown)).toBeLessThan(1.5);
});
