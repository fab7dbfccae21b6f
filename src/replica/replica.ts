import type { Compilable, Expression, SqlBool } from "kysely";
import { choreRecords } from "../database/chores.ts";
import { type LoggedEntry, replicaRecords } from "../database/replica.ts";
import type { Tables } from "../database/tables.ts";
import type { StepLog } from "../pipeline/context.ts";
import type { Bus } from "../ports/bus.ts";
import type { Answer, Answers, Database } from "../ports/database.ts";
import { prepareChanges, type Written } from "./changes.ts";
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
import { watchHeads } from "./watch-heads.ts";

/** How often the log is looked through for what nobody needs any more, by one of all processes. */
const COMPACT_MS = 60_000;
/** How long a commit waits until this process has seen it. */
const OWN_MS = 1_000;
/** How often a part of what has expired is forgotten. */
const PRUNE_MS = 1_000;

export interface ReplicaParts {
  database: Database<Tables>;
  bus: Bus;
  /** The store's clock. */
  now(): number;
  log?: Pick<StepLog, "warn">;
  /** A message on the bus said nothing that a replica says. @default it is ignored */
  onMalformed?(): void;
}

export interface CommitOptions {
  /** Nothing of the maps changes where this does not hold after the other records were changed. */
  when?: Expression<SqlBool>;
  /** This process hears of it as the others do. @default false: it has seen it when the commit resolves */
  asOthers?: boolean;
}

/** Of a map, for `readyz` and the metrics. */
export interface MapState {
  name: string;
  version: number;
  entries: number;
  /** For how long the log may have had something newer; `null`: it was not loaded yet. */
  ageMs: number | null;
  /** How often the log was read, beyond its head. */
  reads: number;
}

export interface Prepared {
  readonly queries: readonly Compilable[];
  /** Called after the commit. When it resolves, this process has seen the changes, and the others are being told. */
  told(answers: readonly Answer[]): Promise<Written>;
}

/**
 * Maps that are equal in every process and read from memory. The store has each as a log; the bus only brings its changes
 * earlier, and polling the heads of the logs proves that nothing is missing.
 */
export interface Replica {
  /** Called before `start`. @param parse throws for a value that is none of the map's */
  map<T>(name: string, parse: (value: unknown) => T): ReplicaMap<T>;
  /** Called before `start`. */
  set(name: string): ReplicaSet;
  /** Loads all maps. Rejects while the store or the bus is away. */
  start(): Promise<void>;
  /**
   * Makes changes of maps, and those of other records beside them, as one change. When it resolves, this process has
   * seen them, and the others are being told.
   */
  commit<const Queries extends readonly Compilable[] = []>(
    changes: readonly Change[],
    beside?: Queries,
    options?: CommitOptions,
  ): Promise<{ answers: Answers<Queries>; written: Written }>;
  /** The queries of changes, for somebody else's batch: they come last in it, and `told` gets their answers. */
  prepare(changes: readonly Change[], options?: CommitOptions): Prepared;
  /** Waits at most `ms` for a version to come; resolves to whether it has. A map that this process does not keep has it. */
  waitFor(map: string, version: number, ms: number): Promise<boolean>;
  /** Asks the store for keys, whatever is in memory. */
  find(keys: readonly KeyOf[]): Promise<Found[]>;
  states(): MapState[];
  close(): Promise<void>;
}

/** What the store has of a key now. */
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
      throw new TypeError(`The map "${name}" is declared late, or twice.`);
    const listeners = new Set<Listener>();
    const follower = follow({
      page: (above) => records.page(name, above),
      entries,
      now,
      onChange(keys) {
        for (const listener of listeners) listener(keys);
      },
      onFailure: (error) =>
        log?.warn("a map could not be read; it is read again soon", { map: name, error: String(error) }),
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
        // What others have changed before may be missing here.
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
        log?.warn("a value of a map is not valid, and counts as missing", {
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

/** To this process at once, and to the others over the bus. */
function messenger({ bus, onMalformed }: ReplicaParts, followers: ReadonlyMap<string, Follower<Entries>>) {
  const hear = (text: string) => {
    const message = decode(text);
    if (message) followers.get(message.map)?.hear(message);
    else onMalformed?.();
  };
  const tellOthers = (messages: readonly string[]) => {
    // What is lost is found by whoever polls the head.
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
