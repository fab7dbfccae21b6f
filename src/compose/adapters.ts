import type { Tables } from "../database/tables.ts";
import { masked } from "../domain/masking.ts";
import { MillraceError } from "../errors.ts";
import type { BlobStore } from "../ports/blobs.ts";
import type { Broker } from "../ports/broker.ts";
import type { Bus } from "../ports/bus.ts";
import type { Database } from "../ports/database.ts";
import type { Limiter } from "../ports/limiter.ts";
import type { ObjectReader } from "../ports/objects.ts";
import type { Store } from "../ports/store/store.ts";
import type { Config } from "./config.ts";

/** How a process reaches the embedded adapters: through the writer's socket. */
export interface Wiring {
  config: Config;
  /** The writer started by the supervisor; `null` if nothing is embedded. */
  writer: string | null;
}

type Opener<T> = (url: string, wiring: Wiring, store?: Store) => Promise<T>;

const stores: Record<string, Opener<Store>> = {
  async sqlite(_, { config, writer }) {
    const { sqliteStore } = await import("../adapters/sqlite/store.ts");
    return sqliteStore(await line(writer), { publishes: config.broker === config.store });
  },
  async postgres(url, { config }) {
    const { openPostgresStore } = await import("../adapters/postgres/store.ts");
    return openPostgresStore(url, { publishes: config.broker === config.store });
  },
};

const databases: Record<string, Opener<Database<Tables>>> = {
  async sqlite(_, { writer }) {
    const { sqliteDatabase } = await import("../adapters/sqlite/database.ts");
    return sqliteDatabase(await line(writer));
  },
  async postgres(url) {
    const { openPostgresDatabase } = await import("../adapters/postgres/database.ts");
    return openPostgresDatabase(url);
  },
};

const brokers: Record<string, Opener<Broker>> = {
  async sqlite(_, { writer }) {
    const { sqliteBroker } = await import("../adapters/sqlite/broker.ts");
    return sqliteBroker(await line(writer));
  },
  async postgres(url, { config }, store) {
    const { openPostgresBroker } = await import("../adapters/postgres/broker.ts");
    return openPostgresBroker(url, config.broker === config.store ? store : undefined);
  },
  async redis(url) {
    const { openRedisBroker } = await import("../adapters/redis/broker.ts");
    return openRedisBroker(...split(url));
  },
  async amqp(url) {
    const { openRabbitBroker } = await import("../adapters/rabbitmq/broker.ts");
    return openRabbitBroker(...split(url));
  },
  async kafka(url) {
    const { openKafkaBroker } = await import("../adapters/kafka/broker.ts");
    return openKafkaBroker(url);
  },
  async sqs(url) {
    const { openSqsBroker } = await import("../adapters/aws/broker.ts");
    return openSqsBroker(url);
  },
};

const buses: Record<string, Opener<Bus>> = {
  async sqlite(_, { writer }) {
    const { sqliteBus } = await import("../adapters/sqlite/bus.ts");
    return sqliteBus(await line(writer));
  },
  async postgres(url) {
    const { openPostgresBus } = await import("../adapters/postgres/bus.ts");
    return openPostgresBus(url);
  },
  async redis(url) {
    const { openRedisBus } = await import("../adapters/redis/bus.ts");
    return openRedisBus(...split(url));
  },
  async amqp(url) {
    const { openRabbitBus } = await import("../adapters/rabbitmq/bus.ts");
    return openRabbitBus(...split(url));
  },
  async kafka(url) {
    const { openKafkaBus } = await import("../adapters/kafka/bus.ts");
    return openKafkaBus(url);
  },
};

const limiters: Record<string, Opener<Limiter>> = {
  async sqlite(_, { writer }) {
    const { sqliteLimiter } = await import("../adapters/sqlite/limiter.ts");
    return sqliteLimiter(await line(writer));
  },
  async postgres(url) {
    const { openPostgresLimiter } = await import("../adapters/postgres/limiter.ts");
    return openPostgresLimiter(url);
  },
  async redis(url) {
    const { openRedisLimiter } = await import("../adapters/redis/limiter.ts");
    return openRedisLimiter(...split(url));
  },
};

const blobStores: Record<string, Opener<BlobStore>> = {
  async file(url) {
    const { openFileBlobs } = await import("../adapters/files/blobs.ts");
    return openFileBlobs(url.slice("file:".length));
  },
  async s3(url) {
    const { openS3Blobs } = await import("../adapters/aws/blobs.ts");
    return openS3Blobs(url);
  },
};

const objectReaders: Record<string, Opener<ObjectReader>> = {
  async s3(_, { config }) {
    const { openS3Objects } = await import("../adapters/aws/objects.ts");
    return openS3Objects(config.objectEvents.map(({ from }) => from));
  },
};

/** The buckets whose objects become jobs; `null` if the settings name none. */
export async function openObjects(wiring: Wiring): Promise<ObjectReader | null> {
  const [first] = wiring.config.objectEvents;
  return first ? open("MILLRACE_OBJECT_EVENTS", objectReaders, first.from, wiring) : null;
}

/** The store of these settings, over its own connection. */
export function openStore(wiring: Wiring): Promise<Store> {
  return open("MILLRACE_STORE", stores, wiring.config.store, wiring);
}

/** The cold records, in the store's database. */
export function openDatabase(wiring: Wiring): Promise<Database<Tables>> {
  return open("MILLRACE_STORE", databases, wiring.config.store, wiring);
}

/** @param store the store of the same settings, in case the broker shares its database */
export function openBroker(wiring: Wiring, store?: Store): Promise<Broker> {
  return open("MILLRACE_BROKER", brokers, wiring.config.broker, wiring, store);
}

export function openBus(wiring: Wiring): Promise<Bus> {
  return open("MILLRACE_BUS", buses, wiring.config.bus, wiring);
}

/** Uses the bus's server, or the store if the bus cannot count. */
export function openLimiter(wiring: Wiring): Promise<Limiter> {
  const { bus, store } = wiring.config;
  return scheme(bus) in limiters
    ? open("MILLRACE_BUS", limiters, bus, wiring)
    : open("MILLRACE_STORE", limiters, store, wiring);
}

export function openBlobs(wiring: Wiring): Promise<BlobStore> {
  return open("MILLRACE_BLOBS", blobStores, wiring.config.blobs, wiring);
}

/** Alternative spellings of a scheme. */
const aliases: Record<string, string> = {
  postgresql: "postgres",
  rediss: "redis",
  amqps: "amqp",
  kafkas: "kafka",
};

export function scheme(url: string): string {
  const name = /^([a-z0-9+]+):/.exec(url)?.[1] ?? "";
  return aliases[name] ?? name;
}

/** Whether any part lives in the data folder, behind the writer. */
export function isEmbedded(config: Config): boolean {
  return [config.store, config.broker, config.bus].some(isLocal);
}

export function isLocal(url: string): boolean {
  return scheme(url) === "sqlite";
}

async function open<T>(
  setting: string,
  openers: Record<string, Opener<T>>,
  url: string,
  wiring: Wiring,
  store?: Store,
): Promise<T> {
  const opener = openers[scheme(url)];
  if (!opener) {
    const known = Object.keys(openers).map((name) => `${name}:`);
    throw new MillraceError(
      "config_invalid",
      `${setting}="${masked(url)}" is not supported. It must begin with one of ${known.join(", ")}.`,
    );
  }
  try {
    return await opener(url, wiring, store);
  } catch (error) {
    throw named(error, setting, url);
  }
}

/** One clear line: which setting, which server, and what is wrong. */
function named(error: unknown, setting: string, url: string): Error {
  const { code, message } = error as NodeJS.ErrnoException;
  const lacking =
    code === "ERR_MODULE_NOT_FOUND" ? /Cannot find package '([^']+)'/.exec(message)?.[1] : undefined;
  if (lacking) {
    return new MillraceError(
      "config_invalid",
      `${setting}="${masked(url)}" needs the package ${lacking}, which is not installed: npm install ${lacking}`,
      { cause: error },
    );
  }
  if (error instanceof MillraceError && error.code === "config_invalid") return error;
  const what = masked(message).replace(/\.$/, "");
  return new MillraceError("config_invalid", `${what}. Check ${setting}="${masked(url)}".`, { cause: error });
}

/** Splits off the `prefix` parameter, which separates several installations on one server. */
function split(url: string): [url: string, options: { prefix?: string }] {
  const parsed = new URL(url);
  const prefix = parsed.searchParams.get("prefix");
  parsed.searchParams.delete("prefix");
  return [parsed.href, prefix === null ? {} : { prefix }];
}

async function line(writer: string | null) {
  if (writer === null) {
    throw new MillraceError(
      "config_invalid",
      "A single role cannot use a data folder, which belongs to `millrace start`. Set MILLRACE_STORE and MILLRACE_BROKER to shared servers.",
    );
  }
  const { connectWriter } = await import("../adapters/sqlite/client.ts");
  return connectWriter(writer);
}
