/**
 * `authz-follower.ts POSTGRES heard|deaf`: follows the revocations, and reports by the shared clock when it began to
 * reject each of the ids that its parent sends (`{watch: ids}`). With `deaf`, it receives nothing from the bus.
 */
import { openPostgresBus } from "../../src/adapters/postgres/bus.ts";
import { openPostgresDatabase } from "../../src/adapters/postgres/database.ts";
import { createReplica } from "../../src/replica/replica.ts";
import { revocationsOf } from "../../src/replica/revocations.ts";
import { clock } from "../clock-log.ts";

const [url, mode] = process.argv.slice(2);
const database = await openPostgresDatabase(url!);
const bus = await openPostgresBus(url!);
const heard = mode === "deaf" ? { ...bus, subscribe: async () => ({ close: async () => {} }) } : bus;
const replica = createReplica({ database, bus: heard, now: Date.now });
const revocations = revocationsOf(replica, Date.now);
const waiting = new Set<string>();
await replica.start();
revocations.sessions.onChange(() => {
  const at = clock();
  for (const id of waiting) {
    if (!revocations.sessions.has(id)) continue;
    waiting.delete(id);
    process.send!({ seen: id, at });
  }
});
process.on("message", ({ watch }: { watch: string[] }) => {
  for (const id of watch) waiting.add(id);
  process.send!({ watching: true });
});
process.on("SIGTERM", () => process.exit());
process.on("disconnect", () => process.exit());
process.send!({ ready: true });
