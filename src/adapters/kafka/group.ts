import { setTimeout as sleep } from "node:timers/promises";
import { type Admin, Consumer, FetchIsolationLevels } from "@platformatic/kafka";
import { clientOptions, whenCoordinated } from "./client.ts";
import { memberName, removeDeparted } from "./departed.ts";
import { toError } from "./errors.ts";
import type { Author } from "./offsets.ts";
import type { KafkaSettings } from "./settings.ts";

/** Our membership in the consumer group of one topic. */
export interface Group {
  readonly client: Consumer;
  /** Resolves when our partitions are known. Call it once. */
  join(): Promise<void>;
  /** Whether the group still considers us a member, as far as we know. */
  isMember(): boolean;
  /** The identity under which we commit. */
  author(): Author;
  /** Number of completed rebalances. */
  round(): number;
  /** Resolves when a rebalance has completed since that round, or after a while. */
  rebalanced(since: number): Promise<void>;
  close(): Promise<void>;
}

export interface GroupListener {
  /**
   * Called after each rebalance, and in the middle of one, with the partitions that are ours. Those that were already
   * ours have been so without a gap, unless `anew`: then another member may have had any of them.
   */
  owns(partitions: readonly number[], anew: boolean): void;
  /** The group has just heard from us. */
  alive(): void;
}

const heartbeatMs = 1_000;

/**
 * Uses the cooperative protocol: members keep their partitions while others come and go, so messages in flight are
 * rarely delivered to a second member.
 */
export function createGroup(
  settings: KafkaSettings,
  admin: Admin,
  topic: string,
  listener: GroupListener,
): Group {
  const client = createClient(settings, topic);
  let closed = false;
  let member: string | null = null;
  let lastHeard = 0;
  let joins = 0;
  let waiters: (() => void)[] = [];

  const partitionsOf = () => client.assignments?.find((one) => one.topic === topic)?.partitions ?? [];
  client.on("consumer:group:join", ({ memberId }) => {
    joins++;
    lastHeard = performance.now();
    const anew = memberId !== member;
    member = memberId;
    listener.owns(partitionsOf(), anew);
    listener.alive();
    const ready = waiters;
    waiters = [];
    for (const resolve of ready) resolve();
  });
  client.on("consumer:group:rebalance", () => listener.owns(partitionsOf(), false));
  client.on("consumer:heartbeat:end", () => {
    lastHeard = performance.now();
    listener.alive();
  });
  // When rejoining fails, the client gives up and sends no more heartbeats.
  const rejoin = rejoiner(client, admin, topic, () => closed);
  client.on("error", () => void rejoin());

  client.topics.track(topic);
  return {
    client,
    async join() {
      try {
        await removeDeparted(admin, topic);
        await whenCoordinated(() => client.joinGroup({}));
      } catch (error) {
        closed = true;
        await client.close(true).catch(() => {});
        throw toError(error, "joining the queue's consumers");
      }
    },
    isMember: () => performance.now() - lastHeard < settings.sessionMs,
    author: () => ({ member: client.memberId ?? "", generation: client.generationId }),
    round: () => joins,
    rebalanced: (since) => {
      if (joins !== since) return Promise.resolve();
      const timeout = AbortSignal.timeout(settings.sessionMs);
      return new Promise((resolve) => {
        waiters.push(resolve);
        timeout.addEventListener("abort", () => resolve(), { once: true });
      });
    },
    async close() {
      closed = true;
      // Leaving waits for a running rebalance; without it, the group drops us when our session times out.
      await Promise.race([client.close(true).catch(() => {}), sleep(2_000, undefined, { ref: false })]);
    },
  };
}

function createClient(settings: KafkaSettings, topic: string): Consumer {
  return new Consumer({
    ...clientOptions(settings),
    clientId: memberName(settings.clientId),
    // Joining waits for the other members, for as long as they may take.
    requestTimeout: settings.sessionMs * 2,
    groupId: topic,
    sessionTimeout: settings.sessionMs,
    rebalanceTimeout: settings.sessionMs,
    heartbeatInterval: heartbeatMs,
    protocols: [{ name: "cooperative-sticky", version: 3 }],
    autocommit: false,
    isolationLevel: FetchIsolationLevels.READ_UNCOMMITTED,
    minBytes: 1,
  });
}

/** Rejoins until that succeeds; one attempt runs at a time. */
function rejoiner(client: Consumer, admin: Admin, topic: string, isClosed: () => boolean) {
  let isRejoining = false;
  return async (): Promise<void> => {
    if (isRejoining) return;
    isRejoining = true;
    try {
      for (let wait = 50; !isClosed(); wait = Math.min(wait * 2, 2_000)) {
        await removeDeparted(admin, topic);
        const hasJoined = await client.joinGroup({}).then(
          () => true,
          () => false,
        );
        if (hasJoined) return;
        await sleep(wait);
      }
    } finally {
      isRejoining = false;
    }
  };
}
