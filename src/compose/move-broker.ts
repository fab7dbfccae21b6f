import { createHash } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { signer } from "../domain/keys.ts";
import { countDrops } from "../engine/messages/drops.ts";
import { type Hints, hints } from "../engine/messages/hints.ts";
import { messageReader } from "../engine/messages/read.ts";
import { signedBus } from "../engine/messages/signed-bus.ts";
import { topics } from "../engine/messages/topics.ts";
import { MillraceError } from "../errors.ts";
import type { Broker, Consumer, Delivery } from "../ports/broker.ts";
import type { Store } from "../ports/store/store.ts";
import { isLocal, openBroker, openBus, openStore } from "./adapters.ts";
import type { Config } from "./config.ts";
import { isSamePlace } from "./same-place.ts";
import { installationSecrets } from "./secrets.ts";

/** Deliveries of a queue in transit to the other broker at once. */
const AT_ONCE = 100;
const LOOK_MS = 500;

export interface Move {
  /** Deliveries moved from the old broker to the new one. */
  moved: number;
  /** What still waits at the old one, if it can tell. */
  left: number | null;
  /** A worker consumes from the new broker, so moved deliveries are run. */
  hasWorkers: boolean;
}

export interface MoveOptions {
  /** Settings of the old broker. */
  from: Config;
  /** The same settings with the new broker, and the bus that goes with it. */
  to: Config;
  /** The move ends after this long without a delivery from the old broker. */
  idleMs: number;
  onProgress(move: Move): void;
  signal: AbortSignal;
}

/** Identifies a broker without revealing its address. */
export function brokerMark({ broker }: Pick<Config, "broker">): string {
  return createHash("sha256").update(broker).digest("base64url").slice(0, 12);
}

/**
 * Forwards deliveries from an old broker to a new one while processes are restarted one by one with the new address. A
 * delivery is a hint: a duplicate is claimed once, and a lost one is published again from the records. Waits until a
 * worker consumes from the new broker, because until then nobody would run what is moved.
 */
export async function moveBroker({ from, to, idleMs, onProgress, signal }: MoveOptions): Promise<Move> {
  refuseLocal(from, to);
  const opened: { close(): Promise<void> }[] = [];
  const keep = <T extends { close(): Promise<void> }>(part: T): T => {
    opened.push(part);
    return part;
  };
  const move: Move = { moved: 0, left: null, hasWorkers: false };
  try {
    const store = keep(await openStore({ config: from, writer: null }));
    const old = keep(await openBroker({ config: { ...from, store: "" }, writer: null }));
    const next = keep(await openBroker({ config: { ...to, store: "" }, writer: null }));
    await Promise.all([old.health(), next.health()]);
    keep(
      await listenForWorkers(to, () => {
        move.hasWorkers = true;
      }),
    );
    while (!move.hasWorkers && !signal.aborted) {
      onProgress(move);
      await sleep(LOOK_MS, undefined, { signal }).catch(() => {});
    }
    const [oldHints, nextHints] = await Promise.all([hintsOf(from), hintsOf(to)]);
    await shovel({ store, old, next, oldHints, nextHints }, { move, idleMs, onProgress, signal });
    return move;
  } finally {
    for (const part of opened.toReversed()) await part.close().catch(() => {});
  }
}

function refuseLocal(from: Config, to: Config): void {
  if (isLocal(from.store))
    throw new MillraceError(
      "config_invalid",
      "The records are in a data folder, which only one Millrace can use. Stop it, and start it with the new MILLRACE_BROKER. Nothing is lost.",
    );
  if (isSamePlace(from.broker, to.broker))
    throw new MillraceError(
      "config_invalid",
      "--to names the broker that is already in use. Name the new one.",
    );
}

/** Workers report which broker they use, on the bus that goes with the new one. */
async function listenForWorkers(to: Config, onWorker: () => void): Promise<{ close(): Promise<void> }> {
  const drops = countDrops();
  const opened = await openBus({ config: to, writer: null });
  const bus = signedBus(opened, signer(await installationSecrets(to), "bus"), drops);
  const { process: read } = messageReader(drops);
  const wanted = brokerMark(to);
  await bus.subscribe(topics.processes, (message) => {
    const report = read(message);
    if (report && !("ended" in report) && report.role === "worker" && report.broker === wanted) onWorker();
  });
  return bus;
}

interface Ends {
  store: Pick<Store, "queues" | "now">;
  old: Broker;
  next: Broker;
  oldHints: Hints;
  nextHints: Hints;
}

/**
 * Hints as processes with these settings write and read them: a broker that shares the store's database needs no
 * signature.
 */
async function hintsOf(config: Config): Promise<Hints> {
  return hints(config.broker === config.store ? null : signer(await installationSecrets(config), "hint"));
}

async function shovel(
  { store, old, next, oldHints, nextHints }: Ends,
  {
    move,
    idleMs,
    onProgress,
    signal,
  }: Pick<MoveOptions, "idleMs" | "onProgress" | "signal"> & { move: Move },
): Promise<void> {
  const consumers = new Map<string, Consumer>();
  let movedAt = performance.now();
  const pass = async (delivery: Delivery) => {
    const { queue } = delivery;
    const hint = oldHints.read(delivery);
    // The new broker's workers would reject it too.
    if (typeof hint === "string") return delivery.ack();
    const [result] = await next.publish(queue, [nextHints.message({ queue, ...hint })]);
    if (!result?.ok) return delivery.retry();
    await delivery.ack();
    move.moved++;
    movedAt = performance.now();
  };
  try {
    while (!signal.aborted && performance.now() - movedAt < idleMs) {
      const names = (await store.queues({ now: store.now() })).map(({ name }) => name);
      for (const name of names) {
        if (!consumers.has(name)) consumers.set(name, await old.consume(name, { prefetch: AT_ONCE }, pass));
      }
      if (old.depth) {
        const depths = await Promise.all(names.map((name) => old.depth!(name)));
        move.left = depths.reduce((sum, one) => sum + one, 0);
      }
      onProgress(move);
      await sleep(LOOK_MS, undefined, { signal }).catch(() => {});
    }
  } finally {
    await Promise.all([...consumers.values()].map((consumer) => consumer.close()));
  }
}
