import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Broker } from "../../ports/broker.ts";
import type { Bus } from "../../ports/bus.ts";
import type { Limiter } from "../../ports/limiter.ts";
import { sqliteBroker } from "./broker.ts";
import { sqliteBus } from "./bus.ts";
import { connectWriter, startWriter } from "./client.ts";
import { sqliteLimiter } from "./limiter.ts";

/** A writer over an empty temporary folder. */
export async function testWriter(options: { publishes: boolean }) {
  const folder = await mkdtemp(join(tmpdir(), "millrace-test-"));
  const writer = await startWriter({ path: join(folder, "records.db"), ...options });
  return {
    socketPath: writer.socketPath,
    async close() {
      await writer.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** For processes of the conformance suites. */
export async function openTestBroker(socketPath: string): Promise<Broker> {
  return sqliteBroker(await connectWriter(socketPath));
}

export async function openTestBus(socketPath: string): Promise<Bus> {
  return sqliteBus(await connectWriter(socketPath));
}

export async function openTestLimiter(socketPath: string): Promise<Limiter> {
  return sqliteLimiter(await connectWriter(socketPath));
}
