import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pino } from "pino";
import { resolveConfig } from "../../src/compose/config.ts";
import { startEmbedded } from "../../src/compose/embedded.ts";
import { stepLog } from "../../src/compose/logger.ts";
import { type OpenEngine, openEngine } from "../../src/compose/open-engine.ts";
import { installationSecrets } from "../../src/compose/secrets.ts";
import { deliveryRecords } from "../../src/database/webhook-deliveries.ts";
import { shardOf, webhookRecords } from "../../src/database/webhooks.ts";
import { newId } from "../../src/domain/ids.ts";
import { healthy, type WebhookRecord } from "../../src/domain/webhooks.ts";
import type { Outgoing } from "../../src/outgoing/outgoing.ts";
import { type Deliverer, startDeliverer } from "../../src/webhooks/deliverer.ts";
import { deliveryOf } from "../../src/webhooks/payload.ts";
import { secretBox } from "../../src/webhooks/secrets.ts";

export type Sender = Awaited<ReturnType<typeof openSender>>;

/** Records in a separate folder, and a sender for their deliveries, with a clock that a test can set ahead. */
export async function openSender(outgoing: Outgoing, delays: readonly number[]) {
  const data = await mkdtemp(join(tmpdir(), "millrace-sender-"));
  const { config } = await resolveConfig({ data, logLevel: "silent" }, {}, data);
  const writer = await startEmbedded(config);
  const opened: OpenEngine = await openEngine({ config, writer: writer!.socketPath });
  const { engine, notices } = opened;
  const clock = { aheadMs: 0 };
  const now = () => Date.now() + clock.aheadMs;
  const store = Object.create(engine.store, { now: { value: now } }) as typeof engine.store;
  const webhooks = webhookRecords(engine.database);
  const deliveries = deliveryRecords(engine.database);
  const secrets = secretBox(await installationSecrets(config));
  const started: Deliverer[] = [];

  return {
    ...{ clock, now, webhooks, deliveries, notices, database: engine.database },

    async start(): Promise<Deliverer> {
      const deliverer = await startDeliverer({
        engine: { store, database: engine.database, bus: engine.bus, messages: engine.messages },
        ...{ outgoing, secrets, notices, delays, publicUrl: null },
        log: stepLog(pino({ level: "silent" })),
      });
      started.push(deliverer);
      return deliverer;
    },

    /** Adds an endpoint with any URL, and some waiting deliveries. */
    async endpoint(url: string, waiting: number): Promise<WebhookRecord> {
      const id = newId();
      const webhook: WebhookRecord = {
        ...{ id, owner: "local", kind: "job", shard: shardOf(id) },
        spec: { url, format: "generic", events: [], pipelines: [], description: "" },
        ...{ secrets: [secrets.make().sealed], enabled: true, disabledReason: null, health: healthy },
        ...{ since: now(), resend: null, createdAt: now(), version: 1 },
      };
      await webhooks.create(webhook, Number.MAX_SAFE_INTEGER);
      await this.add(webhook, waiting);
      return webhook;
    },

    async add(webhook: WebhookRecord, waiting: number): Promise<void> {
      const made = Array.from({ length: waiting }, () => {
        const jobId = newId();
        const seq = Math.floor(Math.random() * 2 ** 40);
        const event = { owner: "local", seq, jobId, type: "job.succeeded", at: now(), data: {} } as const;
        return deliveryOf(webhook, event, null, now());
      });
      await deliveries.addAll(made);
      await webhooks.touch(webhook.id, now());
    },

    states: async (webhookId: string) =>
      (await deliveries.list({ webhookId, limit: 100 })).map(({ state }) => state),

    async close() {
      await Promise.all(started.map((one) => one.close()));
      await opened.close();
      await writer!.close();
      await rm(data, { recursive: true, force: true });
    },
  };
}
