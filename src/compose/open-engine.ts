import type { OwnerQuotas } from "../accounts/quotas.ts";
import { createShares, type Shares } from "../accounts/shares.ts";
import { choreRecords } from "../database/chores.ts";
import { noticeRecords } from "../database/notices.ts";
import { shareRecords } from "../database/shares.ts";
import { userRecords } from "../database/users.ts";
import { signer } from "../domain/keys.ts";
import { createCatalogs } from "../engine/catalogs/catalogs.ts";
import { createEngine } from "../engine/create-engine.ts";
import type { Engine } from "../engine/engine.ts";
import { countDrops } from "../engine/messages/drops.ts";
import { signedBus } from "../engine/messages/signed-bus.ts";
import { createNotices, type Notices } from "../notices/notices.ts";
import { warningQuotas } from "../notices/quota-warnings.ts";
import { createOutgoing } from "../outgoing/outgoing.ts";
import type { StepLog } from "../pipeline/context.ts";
import type { Pipeline } from "../pipeline/pipeline.ts";
import type { Limiter } from "../ports/limiter.ts";
import { createReplica, type Replica } from "../replica/replica.ts";
import { type Deliverer, type DelivererParts, startDeliverer } from "../webhooks/deliverer.ts";
import { secretBox } from "../webhooks/secrets.ts";
import { createWebhooks, type Webhooks } from "../webhooks/webhooks.ts";
import {
  isLocal,
  openBlobs,
  openBroker,
  openBus,
  openDatabase,
  openLimiter,
  openObjects,
  openStore,
  type Wiring,
} from "./adapters.ts";
import { openAi } from "./ai.ts";
import { openPurger } from "./cdn.ts";
import { loadPipelines } from "./load-pipelines.ts";
import { addressesOf } from "./notices.ts";
import { openQuotas } from "./quotas.ts";
import { installationSecrets } from "./secrets.ts";
import { checkTemporaryFolder } from "./temporary-folder.ts";

const HOUR_MS = 3_600_000;

export interface OpenEngine {
  engine: Engine;
  /** Maps that every process can keep in memory. Users declare the maps they need, then start it. */
  replica: Replica;
  /** `null` if accounts are off. */
  quotas: OwnerQuotas | null;
  shares: Shares;
  notices: Notices;
  webhooks: Webhooks;
  /** Sends webhook deliveries while this process runs. */
  deliver(log: StepLog, options?: Pick<DelivererParts, "delays">): Promise<Deliverer>;
  close(): Promise<void>;
}

/** Wires an engine from the configuration. If something fails, closes what was already opened. */
export async function openEngine(
  wiring: Wiring,
  inline: readonly Pipeline[] = [],
  log?: StepLog,
): Promise<OpenEngine> {
  await checkTemporaryFolder();
  const { config } = wiring;
  const opened: { close(): Promise<void> }[] = [];
  const keep = async <T extends { close(): Promise<void> }>(opening: Promise<T>): Promise<T> => {
    const part = await opening;
    opened.push(part);
    return part;
  };
  const close = async () => {
    await Promise.allSettled(opened.toReversed().map((part) => part.close()));
  };
  try {
    const purger = await openPurger(wiring);
    if (purger) opened.push(purger);
    const pipelines = await loadPipelines(config, inline, purger);
    const blobs = await keep(openBlobs(wiring));
    const store = await keep(openStore(wiring));
    const database = await keep(openDatabase(wiring));
    const broker = await keep(openBroker(wiring, store));
    const outgoing = createOutgoing({ allow: config.outgoingAllow });
    opened.push(outgoing);
    const objects = await openObjects(wiring);
    if (objects) opened.push(objects);
    const drops = countDrops(log);
    const secrets = await installationSecrets(config);
    const openedBus = await keep(openBus(wiring));
    // Messages need no signature if nobody else can reach the embedded bus, or the backlog of a broker that shares the
    // store's database.
    const bus = isLocal(config.bus) ? openedBus : signedBus(openedBus, signer(secrets, "bus"), drops);
    const replica = createReplica({
      ...{ database, bus, log },
      now: store.now,
      onMalformed: () => drops.add("bus", "malformed", "replica"),
    });
    opened.push(replica);
    const hintSigner = config.broker === config.store ? null : signer(secrets, "hint");
    const users = userRecords(database);
    const noticed = noticeRecords(database);
    const notices = createNotices({
      ...{ records: noticed, bus, now: store.now },
      addressOf: addressesOf(config, users),
      sendsMail: config.smtp !== null,
    });
    const plain = openQuotas(config, store, database);
    const quotas = plain && warningQuotas(plain, { notices, records: noticed, now: store.now, log });
    const ai = await openAi(wiring, { database, bus, drops });
    if (ai) opened.push(ai);
    let limiter: Promise<Limiter> | null = null;
    const engine = createEngine({
      ai,
      limiter: () => {
        // If it could not be opened, the next step that needs it tries again.
        limiter ??= keep(openLimiter(wiring)).catch((error) => {
          limiter = null;
          throw error;
        });
        return limiter;
      },
      store,
      database,
      broker,
      bus,
      blobs,
      pipelines,
      outgoing,
      catalogs: createCatalogs(
        pipelines.versions().flatMap((pipeline) => pipeline.catalogs),
        { replica, chores: choreRecords(database), now: store.now },
      ),
      cdnUrl: config.cdnUrl,
      objects,
      quotas,
      sharesResults: config.auth === "off",
      hintSigner,
      drops,
      retentionMs: config.retentionHours * HOUR_MS,
      deadLetterRetentionMs: config.deadLetterRetentionHours * HOUR_MS,
    });
    const mayShare = async (owner: string) => ((await users.byId(owner))?.state ?? "active") === "active";
    const shares = createShares(shareRecords(database), store, signer(secrets, "share"), mayShare);
    const box = secretBox(secrets);
    const webhooks = createWebhooks({ engine, secrets: box });
    const deliver: OpenEngine["deliver"] = (log, options) =>
      startDeliverer({
        ...{ engine, outgoing, notices, log, ...options },
        secrets: box,
        publicUrl: config.publicUrl,
      });
    return { engine, replica, quotas, shares, notices, webhooks, deliver, close };
  } catch (error) {
    await close();
    throw error;
  }
}
