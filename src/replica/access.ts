import { newId } from "../domain/ids.ts";
import type { Bus } from "../ports/bus.ts";
import { type Acknowledgments, type Applied, acknowledgments } from "./acknowledgments.ts";
import { startCanary } from "./canary.ts";
import type { Written } from "./changes.ts";
import { createGuard, FRESH_MS, type Guard } from "./guard.ts";
import type { Followed } from "./maps.ts";
import type { MapState, Replica } from "./replica.ts";
import { type Revocations, revocationsOf } from "./revocations.ts";

/** What a process needs to tell who may do what, from memory. */
export interface Access {
  readonly replica: Replica;
  readonly revocations: Revocations;
  /** @param maps that a decision stands on beside the revocations; declared before `start` */
  guard(maps?: readonly Followed[]): Guard;
  /** Loads the maps that were declared until now, and begins to follow them. */
  start(): Promise<void>;
  /** How many processes have taken over what was written; waits at most `ms` for all of them. */
  applied(written: Written, ms: number): Promise<Applied>;
  state(): AccessState;
  /** Hears how long each revocation of the canary took, in seconds. */
  onRevoked(listener: (seconds: number) => void): void;
  /** Revokes a token of this process's own now, and waits until it is refused. */
  look(): Promise<void>;
  /** The replica stays open. */
  close(): Promise<void>;
}

export interface AccessState {
  maps: MapState[];
  /** What is in memory may be too old, so that the store is asked or the last known state answers. */
  isStale: boolean;
  /** Processes that follow the maps. */
  processes: number;
}

export interface AccessParts {
  /** Not started yet. */
  replica: Replica;
  bus: Bus;
  /** The store's clock. */
  now(): number;
  /** A message on the bus said nothing that a replica says. @default it is ignored */
  onMalformed?(): void;
  /** Whether a canary measures how long a revocation takes: it writes every 5 s. @default true */
  measures?: boolean;
  /** How old the last known state may be where the store does not answer. @default `FRESH_MS` */
  maxStaleMs?: number;
}

export function createAccess(parts: AccessParts): Access {
  const { replica, measures = true, maxStaleMs = FRESH_MS, now } = parts;
  const revocations = revocationsOf(replica, now);
  const processes = replica.map("processes", () => true as const);
  const self = newId();
  const running = () => new Set(processes.entries().map(([id]) => id));
  const listeners = new Set<(seconds: number) => void>();
  const onSeconds = (seconds: number) => {
    for (const listener of listeners) listener(seconds);
  };
  let canary: ReturnType<typeof startCanary> | null = null;
  let acks: Acknowledgments | null = null;

  return {
    replica,
    revocations,
    guard: (maps = []) => createGuard(replica, [...revocations.maps, ...maps], maxStaleMs),
    async start() {
      await replica.start();
      acks = await acknowledgments(parts, self, running);
      if (!measures) return;
      canary = startCanary({ replica, revoked: revocations.sessions, processes, self, now, onSeconds });
      // The others know at once that there is one more.
      void canary.look();
    },
    applied: (written, ms) => acks!.applied(written, ms),
    state: () => ({
      maps: replica.states(),
      isStale: revocations.maps.some((map) => map.ageMs() > FRESH_MS),
      processes: new Set([...running(), self]).size,
    }),
    onRevoked: (listener) => void listeners.add(listener),
    look: async () => canary?.look(),
    async close() {
      await canary?.close();
      await acks?.close();
    },
  };
}
