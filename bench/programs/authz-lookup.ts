/**
 * `authz-lookup.ts memory|redis|redis-pipelined REVOKED [REDIS]`: looks up ids, few of them revoked, among REVOKED
 * revoked ones. Reports the time per lookup and the memory per entry. Needs `--expose-gc`.
 */
import { Redis } from "ioredis";
import { newId } from "../../src/domain/ids.ts";
import { packedKeys } from "../../src/replica/packed-keys.ts";
import { percentile } from "../statistics.ts";

const [kind, revokedText = "0", redisUrl = ""] = process.argv.slice(2);
const revoked = Number(revokedText);
const PROBES = 50_000;
const IN_FLIGHT = 50;

process.on("SIGTERM", () => process.exit());
process.on("disconnect", () => process.exit());
process.send!(
  kind === "memory"
    ? memory()
    : await measure(new Redis(redisUrl, { enableAutoPipelining: kind === "redis-pipelined" })),
);

function memory() {
  const probes = Array.from({ length: PROBES }, () => newId());
  globalThis.gc!();
  const before = process.memoryUsage();
  const keys = packedKeys();
  const until = Date.now() + 3_600_000;
  for (let n = 0; n < revoked; n++) {
    const id = newId();
    keys.add(id, until);
    if (n % 100 === 0) probes[(n / 100) % PROBES] = id;
  }
  globalThis.gc!();
  const after = process.memoryUsage();
  const bytes = after.heapUsed + after.external - before.heapUsed - before.external;
  const now = Date.now();
  let hits = 0;
  for (const id of probes) if (keys.has(id, now)) hits++;
  const times: number[] = [];
  for (const id of probes) {
    const begun = process.hrtime.bigint();
    if (keys.has(id, now)) hits++;
    times.push(Number(process.hrtime.bigint() - begun));
  }
  const cpu = process.cpuUsage();
  const ROUNDS = 20;
  for (let round = 0; round < ROUNDS; round++) for (const id of probes) if (keys.has(id, now)) hits++;
  const { user, system } = process.cpuUsage(cpu);
  const cpuUs = (user + system) / (ROUNDS * PROBES);
  return { bytesPerEntry: bytes / revoked, p99Ms: percentile(times, 0.99) / 1e6, cpuUs, hits };
}

/** Measures only this process's CPU time; the parent measures the server's. */
async function measure(client: Redis) {
  const probes = Array.from({ length: PROBES }, () => `revoked:${newId()}`);
  const times: number[] = [];
  const cpu = process.cpuUsage();
  const ask = async () => {
    for (let probe = probes.pop(); probe !== undefined; probe = probes.pop()) {
      const begun = performance.now();
      await client.exists(probe);
      times.push(performance.now() - begun);
    }
  };
  await Promise.all(Array.from({ length: IN_FLIGHT }, ask));
  const { user, system } = process.cpuUsage(cpu);
  return { p99Ms: percentile(times, 0.99), cpuUs: (user + system) / PROBES, lookups: PROBES };
}
