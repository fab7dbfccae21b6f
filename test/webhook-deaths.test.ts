import { mkdtempSync, rmSync } from "node:fs";
import type { ServerResponse } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, expect, test } from "vitest";
import { childrenOf, freePort, type Running, startMillrace } from "./crash/processes.ts";
import { type Receiver, startReceiver } from "./server/webhook-receiver.ts";

const JOBS = 20;
/** The duration of a lease: a sender that waited for it to expire would take longer. */
const LEASE_MS = 10_000;

let receiver: Receiver | null = null;
let running: Running | null = null;
const data = mkdtempSync(join(tmpdir(), "millrace-webhook-deaths-"));
afterEach(async () => {
  await running?.stop();
  await receiver?.close();
  rmSync(data, { recursive: true, force: true });
});

async function ask<T>(path: string, body?: object): Promise<T> {
  const answer = await fetch(running!.url + path, {
    ...(body && {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(body),
    }),
  });
  if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`);
  return (await answer.json()) as T;
}

const workers = () => childrenOf(running!.child.pid!).filter(({ role }) => role === "worker");

/** Kills workers one by one until the sender of this delivery is among them. */
async function killSenderOf(response: ServerResponse): Promise<number> {
  const present = workers();
  for (const { pid } of present) {
    process.kill(pid, "SIGKILL");
    for (let n = 0; n < 20 && !response.destroyed; n++) await sleep(50);
    if (response.destroyed) return present.length;
  }
  throw new Error("no worker sent it");
}

test("kill -9 of the worker that sends: nothing is lost, no id changes, and another goes on at once", {
  timeout: 120_000,
}, async () => {
  receiver = await startReceiver();
  const pipelines = join(import.meta.dirname, "..", "bench", "pipelines.ts");
  running = await startMillrace({
    port: await freePort(),
    args: ["--data", data, "--workers", "2", "--pipelines", pipelines, "--log-level", "error"],
    env: { MILLRACE_OUTGOING_ALLOW: "127.0.0.1", MILLRACE_RATE_LIMIT: "0" },
  });
  let holds = true;
  const held: ServerResponse[] = [];
  receiver.answers.set("/hook", (response) => {
    if (holds) held.push(response);
    else response.writeHead(204).end();
  });
  const { id } = await ask<{ id: string }>("/v1/webhooks", { url: `${receiver.url}/hook` });
  const jobs = await Promise.all(
    Array.from({ length: JOBS }, () => ask<{ id: string }>("/v1/jobs", { pipeline: "bench.noop" })),
  );
  const until = { timeout: 60_000, interval: 20 };
  for (let round = 1; round <= 2; round++) {
    await expect.poll(() => held.filter((one) => !one.destroyed).length, until).toBeGreaterThan(0);
    const before = held.length;
    await killSenderOf(held.findLast((one) => !one.destroyed)!);
    const killedAt = performance.now();
    holds = round === 1;
    await expect.poll(() => receiver!.received.length, until).toBeGreaterThan(before);
    expect(performance.now() - killedAt).toBeLessThan(LEASE_MS - 1_500);
  }
  const arrived = () => new Set(receiver!.received.map(({ body }) => JSON.parse(body).data.jobId as string));
  const states = async () => {
    const { items } = await ask<{ items: { id: string; jobId: string; state: string }[] }>(
      `/v1/webhooks/${id}/deliveries?limit=100`,
    );
    return items;
  };
  await expect
    .poll(async () => (await states()).filter(({ state }) => state === "delivered").length, until)
    .toBe(JOBS);
  expect(arrived()).toEqual(new Set(jobs.map((job) => job.id)));
  const ids = new Map((await states()).map((one) => [one.jobId, one.id]));
  expect(ids.size).toBe(JOBS);
  for (const { body, headers } of receiver.received) {
    expect(headers["webhook-id"]).toBe(ids.get(JSON.parse(body).data.jobId));
  }
  // Interrupted deliveries came again, which proves that the kills hit running deliveries.
  expect(receiver.received.length).toBeGreaterThan(JOBS);
});
