import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { openBroker, openBus } from "../src/compose/adapters.ts";
import { resolveConfig } from "../src/compose/config.ts";
import { addressOf, withServices } from "../src/testing/services.ts";
import { cleaners } from "./crash/cleaning.ts";
import { droppedIn, roles } from "./forged/roles.ts";
import { serviceUrls } from "./services.ts";

const QUEUE = "image.convert/convert";
const hint = { taskId: "0190a0b0-0000-7000-8000-000000000000.0", generation: 1 };
const malformed = [
  "",
  "null",
  "[".repeat(500),
  "x".repeat(2_000),
  JSON.stringify({ ...hint, generation: -1 }),
];

const brokers = [
  ["rabbitmq", 5672],
  ["kafka", 9092],
  ["sqs", 443],
] as const;

for (const [broker, port] of brokers) {
  const name = `forged-${broker}-${randomBytes(4).toString("hex")}`;
  const urls = serviceUrls(name);
  const addresses = { PostgreSQL: addressOf(urls.postgres, 5432), [broker]: addressOf(urls[broker], port) };

  await withServices(addresses, () => {
    test(`who reaches ${broker} cannot make a worker ask the records, fill its dead letters or hold up work`, {
      timeout: 120_000,
    }, async () => {
      const folder = mkdtempSync(join(tmpdir(), "millrace-forged-"));
      const env = {
        MILLRACE_STORE: urls.postgres,
        MILLRACE_BROKER: urls[broker],
        MILLRACE_BLOBS: `file:${join(folder, "blobs")}`,
        MILLRACE_LOG: "warn",
      };
      const { start, log, stop } = roles(folder, env);
      const { config } = await resolveConfig({ data: folder }, env, folder);
      const [api] = await Promise.all([start("api", "--port", "0"), start("worker")]);
      const url = /http:\S+/.exec(api)![0];
      const ask = async (path: string) =>
        (await fetch(`${url}${path}`, { signal: AbortSignal.timeout(5_000) })).text();
      const dropped = async (source: "bus" | "broker", reason: string) =>
        droppedIn(await ask("/metrics"), source, reason);
      // The attacker has the server's credentials, but not the installation's key.
      const attacker = await openBroker({ config, writer: null });
      const bus = await openBus({ config, writer: null });
      try {
        const forged = [
          ...Array.from({ length: 50 }, () => JSON.stringify(hint)),
          JSON.stringify({ ...hint, tag: "A".repeat(43) }),
          ...malformed,
        ];
        await attacker.publish(
          QUEUE,
          forged.map((payload, n) => ({ id: `forged-${n}`, payload })),
        );
        for (const message of ["null", JSON.stringify({ worker: "w", steps: [], dropped: [] })])
          await bus.publish("metrics", message);
        // Each message is delivered at least once.
        const timeout = 60_000;
        await expect.poll(() => dropped("broker", "unsigned"), { timeout }).toBeGreaterThanOrEqual(50);
        await expect.poll(() => dropped("broker", "forged"), { timeout }).toBeGreaterThanOrEqual(1);
        await expect
          .poll(() => dropped("broker", "malformed"), { timeout })
          .toBeGreaterThanOrEqual(malformed.length);
        await expect.poll(() => dropped("bus", "unsigned"), { timeout }).toBeGreaterThanOrEqual(2);
        expect(log().match(/a message on the broker was dropped/g)).toHaveLength(3);
        if (attacker.deadLetters) expect(await attacker.deadLetters(QUEUE, 10)).toEqual([]);

        const form = new FormData();
        form.set("pipeline", "image.convert");
        form.append("files", new Blob([Buffer.from(PNG, "base64")]), "a.png");
        const made = await fetch(`${url}/v1/jobs`, { method: "POST", body: form });
        const { id } = (await made.json()) as { id: string };
        const job = (await (await fetch(`${url}/v1/jobs/${id}?wait=60`)).json()) as { state: string };
        expect(job.state, log()).toBe("succeeded");
      } finally {
        await bus.close();
        await attacker.close();
        await stop();
        await cleaners[broker](urls[broker]);
        await cleaners.postgres(urls.postgres);
        rmSync(folder, { recursive: true, force: true });
      }
    });
  });
}

const PNG =
  "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";
