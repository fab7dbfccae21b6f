import { fork } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import { kafka } from "../scripts/services/kafka.ts";
import { postgres } from "../scripts/services/postgres.ts";
import { rabbitmq } from "../scripts/services/rabbitmq.ts";
import { redis } from "../scripts/services/redis.ts";
import { sqs } from "../scripts/services/sqs.ts";
import { campaign } from "./crash/campaign.ts";
import { faultsIn, textOf } from "./crash/card.ts";
import { cleaners } from "./crash/cleaning.ts";
import { serviceUrls } from "./services.ts";

const services = { postgres, redis, rabbitmq, kafka, sqs };
type Name = keyof typeof services;

const prefix = `test-${process.pid}-${Date.now().toString(36)}`;
const urls = serviceUrls(prefix);

/** Services that do not respond. Allows some time for a server that another test has just put under load. */
async function missing(...names: Name[]): Promise<string[]> {
  const answers = await Promise.all(names.map(answersSoon));
  return names.filter((_, n) => !answers[n]);
}

async function answersSoon(name: Name): Promise<boolean> {
  for (let tries = 1; !(await services[name].answers(urls[name])); tries++) {
    if (tries === 10) return false;
    await sleep(1_000);
  }
  return true;
}

describe.for(["postgres", "redis", "rabbitmq", "kafka", "sqs"] as const)("%s", (broker) => {
  test("kills under load lose and repeat nothing", { timeout: 180_000 }, async (context) => {
    const without = await missing(broker);
    context.skip(without.length > 0, `missing: ${without.join(", ")}`);
    const card = await campaign({
      broker,
      store: broker === "postgres" ? "postgres" : "sqlite",
      kills: 4,
      tasks: 200,
      itemsPerJob: [1, 40],
      everyMs: 1_000,
      failures: 0.02,
      broken: 0.01,
      workers: 2,
      signal: "SIGKILL",
      killServers: broker === "redis",
    });
    expect(faultsIn(card), textOf(card)).toEqual([]);
    expect(card.tasks).toBe(200);
  });
});

test("a role whose supervisor ends while it starts ends too", { timeout: 60_000 }, async (context) => {
  const without = await missing("postgres");
  context.skip(without.length > 0, `missing: ${without.join(", ")}`);
  const folder = mkdtempSync(join(tmpdir(), "millrace-orphan-"));
  const ownUrls = serviceUrls(`${prefix}-orphan`);
  const command = join(import.meta.dirname, "..", "bin", "millrace.js");
  const child = fork(command, ["api", "--port", "0", "--data", folder], {
    env: { ...process.env, MILLRACE_STORE: ownUrls.postgres },
  });
  const ended = once(child, "exit");
  child.disconnect();
  expect(await ended).toEqual([null, "SIGKILL"]);
  await cleaners.postgres(ownUrls.postgres);
  rmSync(folder, { recursive: true, force: true });
});
