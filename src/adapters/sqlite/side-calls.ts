import type { DatabaseSync } from "node:sqlite";
import type { Message } from "../../ports/broker.ts";
import type { StoreClock } from "./clock.ts";
import type { Connection } from "./connection.ts";
import { copyRecords } from "./copy-records.ts";
import type { Queues } from "./queues.ts";
import type { Handler } from "./turns.ts";
import type { ClaimFor, Window } from "./window.ts";

interface Consume {
  id: number;
  queue: string;
  prefetch: number;
  claimFor: ClaimFor | null;
}

export interface SideCallParts {
  db: DatabaseSync;
  queues: Queues;
  window: Window;
  clock: StoreClock;
  /** The embedded broker is in use. */
  publishes: boolean;
  /** Connections that run a backup: no files are collected until they end. */
  holders: Set<Connection>;
  broadcast(topic: string, message: string): void;
  assertFileThere(): void;
}

/** The calls that change no record: for the bus, the broker, backups and the clock. */
export function sideCalls(parts: SideCallParts): Record<string, Handler> {
  const { db, queues, window, clock, publishes, holders, broadcast, assertFileThere } = parts;
  return {
    health: assertFileThere,
    "bus.subscribe": (topic, connection) => {
      connection.topics.add(topic as string);
    },
    "bus.unsubscribe": (topic, connection) => {
      connection.topics.delete(topic as string);
    },
    "bus.publish": (argument) => {
      const { topic, message } = argument as { topic: string; message: string };
      broadcast(topic, message);
    },
    "broker.publish": (argument) => {
      const { queue, messages } = argument as { queue: string; messages: Message[] };
      window.publish(queue, messages);
    },
    "broker.consume": (argument, connection) => {
      const { id, queue, prefetch, claimFor } = argument as Consume;
      window.consume(connection, id, queue, prefetch, publishes ? claimFor : null);
    },
    "broker.stop": (id, connection) => window.stop(connection, id as number),
    "broker.settle": (argument, connection) => {
      const [id, tag, how] = argument as [number, number, "ack" | "retry" | "reject"];
      return window.settle(connection, id, tag, how);
    },
    clock: () => clock.offset,
    "backup.begin": (_, connection) => {
      holders.add(connection);
      queues.collectionHeld = true;
    },
    "backup.records": (target) => copyRecords(db, target as string),
    "backup.held": (_, connection) => holders.has(connection),
    "broker.depth": (queue) => window.depth(queue as string),
    "broker.deadLetters": (argument) => {
      const { queue, limit } = argument as { queue: string; limit: number };
      return window.deadLetters(queue, limit);
    },
  };
}
