import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { withService } from "../src/testing/services.ts";
import { faultyMillrace } from "./faults/millrace.ts";
import { postgresInstalled, startPostgres } from "./services/postgres.ts";
import type { OwnServer } from "./services/own-server.ts";

/** Stops a process as a debugger, a full swap or a laptop's lid does, and lets it go on. */
async function stopFor(pid: number, ms: number): Promise<void> {
  process.kill(pid, "SIGSTOP");
  try {
    await sleep(ms);
  } finally {
    process.kill(pid, "SIGCONT");
  }
}

describe("a worker that is stopped for a while", () => {
  const millrace = faultyMillrace({ workers: 1 });
  const { submit, ended, lines } = millrace;
  beforeAll(() => millrace.start(), 30_000);
  afterAll(() => millrace.close(), 60_000);

  const begun = (id: string, count: number) =>
    expect.poll(() => lines(id, "start").length, { timeout: 10_000, interval: 50 }).toBe(count);

  test("settles a long step that it lost and claimed again", { timeout: 120_000 }, async () => {
    const { id } = await submit(["sleep 26000"]);
    await begun(id, 1);
    await stopFor(millrace.pidsOf("worker")[0]!, 12_000);
    const job = await ended(id, 60);
    expect(job.state).toBe("succeeded");
    expect(job.items[0]!.attempt).toBe(1);
    expect(lines(id, "start")).toHaveLength(2);
    // The attempt whose lease was lost was stopped when the next one began.
    expect(lines(id, "end")).toHaveLength(1);
  });
});
