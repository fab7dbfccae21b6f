import { setTimeout as sleep } from "node:timers/promises";
import { accountMaps, accountMirror } from "../../src/accounts/maps.ts";
import { createPasswords } from "../../src/accounts/passwords.ts";
import { openPostgresBus } from "../../src/adapters/postgres/bus.ts";
import { openPostgresDatabase } from "../../src/adapters/postgres/database.ts";
import { userRecords } from "../../src/database/users.ts";
import { newId } from "../../src/domain/ids.ts";
import { createReplica } from "../../src/replica/replica.ts";
import { revocationsOf } from "../../src/replica/revocations.ts";
import { product } from "../processes.ts";
import { postgres } from "../services.ts";
import type { Session } from "../session.ts";
import { percentile } from "../statistics.ts";

const PASSWORD = "correct horse battery staple";
const IN_FLIGHT = 40;
const JOBS_PER_SECOND = 20;

/** Users log in, each from a different address, while jobs run and somebody else uses the API. */
export async function logins(
  session: Session,
): Promise<{ perSecond: number; apiP95: number; failed: number }> {
  const users = session.quick ? 200 : 10_000;
  const store = await postgres(session);
  await seed(store, users);
  const env = {
    ...{ MILLRACE_STORE: store, MILLRACE_AUTH: "on", MILLRACE_REGISTRATION: "open" },
    ...{ MILLRACE_TRUST_PROXY: "127.0.0.1/32", MILLRACE_QUOTA_JOBS: "0", MILLRACE_QUOTA_ITEMS_PER_DAY: "0" },
  };
  const { url } = await product(session, { workers: 1, env });
  const post = (path: string, body: object, headers: Record<string, string> = {}) =>
    fetch(url + path, {
      method: "POST",
      headers: { "content-type": "application/json", ...headers },
      body: JSON.stringify(body),
    });
  const logIn = async (n: number) => {
    const from = { "x-forwarded-for": `10.${n >> 16}.${(n >> 8) & 255}.${n & 255}` };
    const answer = await post("/v1/auth/login", { email: emailOf(n), password: PASSWORD }, from);
    const body = (await answer.json()) as { accessToken: string };
    return answer.ok ? body.accessToken : null;
  };
  const token = await logIn(0);
  if (token === null) throw new Error("nobody can log in");
  const authorization = `Bearer ${token}`;
  let isOver = false;
  const jobs = (async () => {
    for (; !isOver; await sleep(1_000 / JOBS_PER_SECOND)) {
      const answer = await post(
        "/v1/jobs",
        { pipeline: "bench.noop", options: { text: "x" } },
        { authorization },
      );
      await answer.arrayBuffer();
    }
  })();
  const times: number[] = [];
  const reads = (async () => {
    for (; !isOver; await sleep(10)) {
      const begun = performance.now();
      const answer = await fetch(`${url}/v1/jobs?limit=1`, { headers: { authorization } });
      await answer.arrayBuffer();
      times.push(performance.now() - begun);
    }
  })();
  let next = 1;
  let failures = 0;
  const begun = performance.now();
  const loop = async () => {
    for (let n = next++; n < users; n = next++) if ((await logIn(n)) === null) failures++;
  };
  await Promise.all(Array.from({ length: IN_FLIGHT }, loop));
  const seconds = (performance.now() - begun) / 1_000;
  isOver = true;
  await Promise.all([jobs, reads]);
  session.say(
    `${Math.round(users / seconds)} logins/s, p95 of the API ${percentile(times, 0.95).toFixed(1)} ms`,
  );
  return { perSecond: (users - 1) / seconds, apiP95: percentile(times, 0.95), failed: failures / users };
}

/** All users share one password hash: hashing for each would take longer than the measurement. */
async function seed(store: string, users: number): Promise<void> {
  const database = await openPostgresDatabase(store);
  const passwordHash = await createPasswords().hash(PASSWORD, null);
  const bus = await openPostgresBus(store);
  const replica = createReplica({ database, bus, now: Date.now });
  const parts = { replica, revocations: revocationsOf(replica, Date.now), now: Date.now };
  const records = userRecords(database, accountMirror(accountMaps(replica), parts));
  await replica.start();
  const one = (n: number) =>
    records.create({
      ...{ id: newId(), email: emailOf(n), emailVerifiedAt: null, name: "", passwordHash, role: "user" },
      ...{ state: "active", generation: 0, quotas: {}, createdAt: Date.now(), lastLoginAt: null },
    });
  for (let n = 0; n < users; n += 50) await Promise.all(Array.from({ length: 50 }, (_, m) => one(n + m)));
  await replica.close();
  await Promise.all([bus.close(), database.close()]);
}

function emailOf(n: number): string {
  return `user-${n}@example.org`;
}
