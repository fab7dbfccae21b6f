import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { kafkaInstalled, startKafka } from "../services/kafka.ts";
import { postgresInstalled, startPostgres } from "../services/postgres.ts";
import { startRabbit } from "../services/rabbitmq.ts";
import { startRedis } from "../services/redis.ts";
import { serviceUrls } from "../services.ts";
import { cleaners } from "./cleaning.ts";

export const technologies = ["sqlite", "postgres", "redis", "rabbitmq", "kafka", "sqs"] as const;
export type Technology = (typeof technologies)[number];

/** A server that a campaign uses. */
export interface Server {
  /** `null` if the data is in the data folder. */
  url: string | null;
  /** Kills it with SIGKILL and starts it again; `null` if it is not ours to kill. */
  restart: (() => Promise<void>) | null;
  /** Removes the campaign's data. */
  close(): Promise<void>;
}

/** Starts a separate server for the campaign if possible, or else uses a separate prefix on the shared one. */
export async function openServer(name: Technology, own: boolean): Promise<Server> {
  if (name === "sqlite") return { url: null, restart: null, close: async () => {} };
  if (own) {
    const server = await start(name);
    if (server) return { url: server.url, restart: () => server.restart(), close: () => server.stop() };
  }
  const prefix = `crash-${process.pid}-${Date.now().toString(36)}`;
  const url = serviceUrls(prefix)[name];
  return { url, restart: null, close: () => cleaners[name](url) };
}

async function start(name: Exclude<Technology, "sqlite">) {
  if (name === "redis") return installed("redis-server") ? startRedis() : null;
  if (name === "rabbitmq") return existsSync("/usr/lib/rabbitmq/bin/rabbitmq-server") ? startRabbit() : null;
  if (name === "kafka")
    return kafkaInstalled ? startKafka(21_000 + Math.floor(Math.random() * 900) * 10) : null;
  if (name === "postgres") return postgresInstalled ? startPostgres() : null;
  // Amazon's own service cannot be restarted.
  return null;
}

function installed(program: string): boolean {
  return spawnSync(program, ["--version"], { stdio: "ignore" }).status === 0;
}

/** Restarts servers during the campaign, each at most once at a time. */
export interface Restarts {
  /** Kills a server that is up. Returns `false` if none is. */
  begin(): boolean;
  /** When each was killed, and when it answered again. */
  readonly done: { at: number; until: number }[];
  /** Number of servers that do not answer yet. */
  away(): number;
  /** Resolves when all servers answer. */
  settled(): Promise<void>;
}

export function restartsOf(servers: readonly Server[]): Restarts {
  const under = new Map<Server, Promise<void>>();
  const done: { at: number; until: number }[] = [];
  return {
    done,
    begin() {
      const up = servers.filter((server) => server.restart && !under.has(server));
      const server = up[Math.floor(Math.random() * up.length)];
      if (!server) return false;
      const at = Date.now();
      const restart = server.restart!().then(() => {
        done.push({ at, until: Date.now() });
        under.delete(server);
      });
      under.set(server, restart);
      // Failures reach whoever awaits `settled()`.
      restart.catch(() => {});
      return true;
    },
    away: () => under.size,
    async settled() {
      while (under.size > 0) {
        await Promise.all(under.values());
        await sleep(1);
      }
    },
  };
}
