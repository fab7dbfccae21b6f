import type { OwnerQuotas } from "../accounts/quotas.ts";
import { createShares, type Shares } from "../accounts/shares.ts";
import { choreRecords } from "../database/chores.ts";
import { shareRecords } from "../database/shares.ts";
import { userRecords } from "../database/users.ts";
import { signer } from "../domain/keys.ts";
import { createCatalogs } from "../engine/catalogs/catalogs.ts";
import { createEngine } from "../engine/create-engine.ts";
import type { Engine } from "../engine/engine.ts";
import { countDrops } from "../engine/messages/drops.ts";
import { signedBus } from "../engine/messages/signed-bus.ts";
import { createOutgoing } from "../outgoing/outgoing.ts";
import type { StepLog } from "../pipeline/context.ts";
import type { Pipeline } from "../pipeline/pipeline.ts";
import { createReplica, type Replica } from "../replica/replica.ts";
import {
  isLocal,
  openBlobs,
  openBroker,
  openBus,
  openDatabase,
  openObjects,
  openStore,
  type Wiring,
} from "./adapters.ts";
import { loadPipelines } from "./load-pipelines.ts";
import { openQuotas } from "./quotas.ts";
import { installationSecrets } from "./secrets.ts";
import { checkTemporaryFolder } from "./temporary-folder.ts";

const HOUR_MS = 3_600_000;

export interface OpenEngine {
  engine: Engine;
  /** Maps that every process may keep in memory. Whoever needs one declares it, and then starts it. */
  replica: Replica;
  /** `null` where accounts are off. */
  quotas: OwnerQuotas | null;
  shares: Shares;
  close(): Promise<void>;
}

/** Configuration to a wired engine. What was opened before something failed is closed again. */
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
    const pipelines = await loadPipelines(config, inline);
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
    // Nobody else reaches the embedded ones, nor the backlog of a broker that is one with the store.
    const bus = isLocal(config.bus) ? openedBus : signedBus(openedBus, signer(secrets, "bus"), drops);
    const replica = createReplica({
      ...{ database, bus, log },
      now: store.now,
      onMalformed: () => drops.add("bus", "malformed", "replica"),
    });
    opened.push(replica);
    const hintSigner = config.broker === config.store ? null : signer(secrets, "hint");
    const quotas = openQuotas(config, store, database);
    const engine = createEngine({
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
      objects,
      quotas,
      sharesResults: config.auth === "off",
      hintSigner,
      drops,
      retentionMs: config.retentionHours * HOUR_MS,
      deadLetterRetentionMs: config.deadLetterRetentionHours * HOUR_MS,
    });
    const users = userRecords(database);
    const mayShare = async (owner: string) => ((await users.byId(owner))?.state ?? "active") === "active";
    const shares = createShares(shareRecords(database), store, signer(secrets, "share"), mayShare);
    return { engine, replica, quotas, shares, close };
  } catch (error) {
    await close();
    throw error;
  }
}
