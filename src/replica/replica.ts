import type { Compilable, Expression, SqlBool } from "kysely";
import { choreRecords } from "../database/chores.ts";
import { type LoggedEntry, replicaRecords } from "../database/replica.ts";
import type { Tables } from "../database/tables.ts";
import type { StepLog } from "../pipeline/context.ts";
import type { Bus } from "../ports/bus.ts";
import type { Answer, Answers, Database } from "../ports/database.ts";
import { prepareChanges } from "./changes.ts";
import { type Entries, keyEntries, valueEntries } from "./entries.ts";
import { type Follower, follow } from "./follower.ts";
import {
  type Change,
  type Followed,
  type KeyOf,
  keySet,
  type Listener,
  type ReplicaMap,
  type ReplicaSet,
  valueMap,
} from "./maps.ts";
import { decode, REPLICA_TOPIC } from "./messages.ts";
import type { Written } from "./own-writes.ts";
import { watchHeads } from "./watch-heads.ts";

/** How often one of the processes compacts the logs. */
const COMPACT_MS = 60_000;
/** How long a commit waits for this process to apply it. */
const OWN_MS = 1_000;
/** How often some of the expired entries are dropped. */
const PRUNE_MS = 1_000;

export interface ReplicaParts {
  database: Database<Tables>;
  bus: Bus;
  /** The store's clock. */
  now(): number;
  log?: Pick<StepLog, "warn">;
  /** Called for malformed messages on the bus. @default they are ignored */
  onMalformed?(): void;
}

export interface CommitOptions {
  /** A condition checked after the other records were changed: unless it holds, the maps do not change. */
  when?: Expression<SqlBool>;
  /**
   * Let this process learn of the change like the others do. @default false: it has applied it when the commit resolves
   */
  asOthers?: boolean;
}

/** The state of a map, for `readyz` and the metrics. */
export interface MapState {
  name: string;
  version: number;
  entries: number;
  /** For how long the log may have had something newer; `null`: not loaded yet. */
  ageMs: number | null;
  /** How often the log was read, not counting its head. */
  reads: number;
}

export interface Prepared {
  readonly queries: readonly Compilable[];
  /**
   * Call it after the commit. When it resolves, this process has applied the changes, and they are on their way to the
   * others.
   */
  told(answers: readonly Answer[]): Promise<Written>;
}

/**
 * Maps that are the same in every process and read from memory. The store keeps a log of each. The bus only delivers
 * changes earlier, and polling the heads of the logs proves that nothing is missing.
 */
export interface Replica {
  /** Call it before `start`. @param parse throws for a value that does not fit the map */
  map<T>(name: string, parse: (value: unknown) => T): ReplicaMap<T>;
  /** Call it before `start`. */
  set(name: string): ReplicaSet;
  /** Loads all maps. Rejects while the store or the bus is unavailable. */
  start(): Promise<void>;
  /**
   * Changes maps, and other records with them, as one atomic change. When it resolves, this process has applied the
   * changes, and they are on their way to the others.
   */
  commit<const Queries extends readonly Compilable[] = []>(
    changes: readonly Change[],
    beside?: Queries,
    options?: CommitOptions,
  ): Promise<{ answers: Answers<Queries>; written: Written }>;
  /** The queries of changes, to put at the end of another batch; pass their answers to `told`. */
  prepare(changes: readonly Change[], options?: CommitOptions): Prepared;
  /**
   * Waits at most `ms` for a version; resolves to whether it has arrived. Always true for a map that this process does
   * not keep.
   */
  waitFor(map: string, version: number, ms: number): Promise<boolean>;
  /** Reads keys from the store, ignoring memory. */
  find(keys: readonly KeyOf[]): Promise<Found[]>;
  states(): MapState[];
  close(): Promise<void>;
}

/** The store's current value of a key. */
export type Found = KeyOf & Pick<LoggedEntry, "value">;

export function createReplica(parts: ReplicaParts): Replica {
  const { database, now, log } = parts;
  const records = replicaRecords(database);
  const followers = new Map<string, Follower<Entries>>();
  const { hear, tell, tellOthers } = messenger(parts, followers);
  const closing: (() => void | Promise<void>)[] = [];
  let isStarted = false;

  function followed<Kept extends Entries>(name: string, entries: Kept) {
    if (isStarted || followers.has(name))
      throw new TypeError(`The map "${name}" was declared twice, or after the start.`);
    const listeners = new Set<Listener>();
    const follower = follow({
      page: (above) => records.page(name, above),
      entries,
      now,
      onChange(keys) {
        for (const listener of listeners) listener(keys);
      },
      onFailure: (error) =>
        log?.warn("a map could not be read; trying again soon", { map: name, error: String(error) }),
    });
    followers.set(name, follower);
    return { follower, common: commonOf(name, follower, listeners) };
  }

  const waitFor = async (map: string, version: number, ms: number) =>
    (await followers.get(map)?.waitFor(version, ms)) ?? true;

  function prepare(changes: readonly Change[], { when, asOthers = false }: CommitOptions = {}): Prepared {
    const parts = { records, now: now(), when, tell: asOthers ? tellOthers : tell };
    const { queries, told } = prepareChanges(changes, parts);
    return {
      queries,
      async told(answers) {
        const written = told(answers);
        // Earlier changes by other processes may be missing here.
        if (!asOthers)
          await Promise.all([...written.versions].map(([map, version]) => waitFor(map, version, OWN_MS)));
        return written;
      },
    };
  }

  function every(ms: number, run: () => void): void {
    const timer = setInterval(run, ms).unref();
    closing.push(() => clearInterval(timer));
  }

  return {
    map<T>(name: string, parse: (value: unknown) => T): ReplicaMap<T> {
      const onInvalid = (key: string, error: unknown) =>
        log?.warn("a value in a map is not valid and is treated as missing", {
          ...{ map: name, key, error: String(error) },
        });
      const { follower, common } = followed(name, valueEntries(parse, onInvalid));
      return valueMap(common, follower, now, parse);
    },
    set(name) {
      const { follower, common } = followed(name, keyEntries());
      return keySet(common, follower, now);
    },
    async start() {
      isStarted = true;
      const readAll = () => {
        for (const follower of followers.values()) follower.read().catch(() => {});
      };
      const subscription = await parts.bus.subscribe(REPLICA_TOPIC, hear, readAll);
      closing.push(() => subscription.close());
      await Promise.all([...followers.values()].map((follower) => follower.read()));
      closing.push(watchHeads(followers, records, log));
      every(PRUNE_MS, () => {
        for (const follower of followers.values()) follower.entries().prune(now());
      });
      every(COMPACT_MS, () => void compact(database, now()).catch(() => {}));
    },
    async commit<const Queries extends readonly Compilable[]>(
      changes: readonly Change[],
      beside: Queries = [] as unknown as Queries,
      options: CommitOptions = {},
    ) {
      const { queries, told } = prepare(changes, options);
      const answers: readonly Answer[] = await database.batch([...beside, ...queries]);
      const written = await told(answers.slice(beside.length));
      return { answers: answers.slice(0, beside.length) as Answers<Queries>, written };
    },
    prepare,
    waitFor,
    async find(keys) {
      const found = await records.find(keys);
      return found.filter(({ expiresAt }) => expiresAt === null || expiresAt > now());
    },
    states: () => [...followers].map(([name, follower]) => stateOf(name, follower)),
    async close() {
      for (const follower of followers.values()) follower.close();
      await Promise.all(closing.splice(0).map((end) => end()));
    },
  };
}

/** Delivers messages to this process at once, and to the others over the bus. */
function messenger({ bus, onMalformed }: ReplicaParts, followers: ReadonlyMap<string, Follower<Entries>>) {
  const hear = (text: string) => {
    const message = decode(text);
    if (message) followers.get(message.map)?.hear(message);
    else onMalformed?.();
  };
  const tellOthers = (messages: readonly string[]) => {
    // Polling the heads finds what was lost.
    for (const message of messages) bus.publish(REPLICA_TOPIC, message).catch(() => {});
  };
  const tell = (messages: readonly string[]) => {
    for (const message of messages) hear(message);
    tellOthers(messages);
  };
  return { hear, tell, tellOthers };
}

function commonOf(name: string, follower: Follower<Entries>, listeners: Set<Listener>): Followed {
  return {
    name,
    version: follower.version,
    size: () => follower.entries().size(),
    ageMs: () => ageOf(follower),
    onChange(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    remove: (key) => ({ map: name, key, value: null, expiresAt: null }),
  };
}

function stateOf(name: string, follower: Follower<Entries>): MapState {
  const ageMs = ageOf(follower);
  return {
    name,
    version: follower.version(),
    entries: follower.entries().size(),
    ageMs: Number.isFinite(ageMs) ? ageMs : null,
    reads: follower.reads(),
  };
}

function ageOf(follower: Follower<Entries>): number {
  const provenAt = follower.provenAt();
  return provenAt === null ? Number.POSITIVE_INFINITY : performance.now() - provenAt;
}

async function compact(database: Database<Tables>, now: number): Promise<void> {
  if (!(await choreRecords(database).begin("replica log", now, COMPACT_MS))) return;
  const records = replicaRecords(database);
  while ((await records.compact(now)) > 0);
}
