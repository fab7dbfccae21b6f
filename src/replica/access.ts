import { newId } from "../domain/ids.ts";
import type { Bus } from "../ports/bus.ts";
import { type Acknowledgments, type Applied, acknowledgments } from "./acknowledgments.ts";
import { startCanary } from "./canary.ts";
import { createGuard, FRESH_MS, type Guard } from "./guard.ts";
import type { Followed } from "./maps.ts";
import type { Written } from "./own-writes.ts";
import { type ProcessState, type ProcessStates, processStates } from "./process-states.ts";
import type { MapState, Replica } from "./replica.ts";
import { type Revocations, revocationsOf } from "./revocations.ts";

/** What a process needs to decide from memory who may do what. */
export interface Access {
  readonly replica: Replica;
  readonly revocations: Revocations;
  /** @param maps maps that a decision depends on besides the revocations; declare them before `start` */
  guard(maps?: readonly Followed[]): Guard;
  /** Loads the maps declared so far, and begins to follow them. */
  start(): Promise<void>;
  /** How many processes have applied a write; waits at most `ms` for all of them. */
  applied(written: Written, ms: number): Promise<Applied>;
  state(): AccessState;
  /** How far each process has come with its maps, this one first; waits at most `ms` for all of them. */
  states(ms: number): Promise<ProcessState[]>;
  /** Reports how long each canary revocation took, in seconds. */
  onRevoked(listener: (seconds: number) => void): void;
  /** Revokes a token of this process's own, and waits until it is rejected. */
  look(): Promise<void>;
  /** Does not close the replica. */
  close(): Promise<void>;
}

export interface AccessState {
  maps: MapState[];
  /** The data in memory may be too old, so the store or the last known state answers instead. */
  isStale: boolean;
  /** Number of processes that follow the maps. */
  processes: number;
}

export interface AccessParts {
  /** Not started yet. */
  replica: Replica;
  bus: Bus;
  /** The store's clock. */
  now(): number;
  /** Called for malformed messages on the bus. @default they are ignored */
  onMalformed?(): void;
  /** Whether a canary measures how long revocations take, which writes every 5 s. @default true */
  measures?: boolean;
  /** Maximum age of the last known state that may answer while the store does not. @default `FRESH_MS` */
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
  let others: ProcessStates | null = null;

  return {
    replica,
    revocations,
    guard: (maps = []) => createGuard(replica, [...revocations.maps, ...maps], maxStaleMs),
    async start() {
      await replica.start();
      acks = await acknowledgments(parts, self, running);
      others = await processStates(parts, self);
      if (!measures) return;
      canary = startCanary({ replica, revoked: revocations.sessions, processes, self, now, onSeconds });
      // Announces this process to the others at once.
      void canary.look();
    },
    applied: (written, ms) => acks!.applied(written, ms),
    states: (ms) => others!.ask(new Set([...running(), self]).size, ms),
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
      await others?.close();
    },
  };
}
