import { execFile } from "node:child_process";
import { promisify } from "node:util";
import type { Services } from "../architectures/architecture.ts";

const run = promisify(execFile);

/** Versions of the running programs, except those that do not report one. */
export async function versionsOf(services: Services): Promise<Record<string, string>> {
  const asked: Record<string, Promise<string>> = {
    tesseract: run("tesseract", ["--version"]).then(
      ({ stdout, stderr }) => /tesseract\s+v?(\S+)/.exec(stdout || stderr)![1]!,
    ),
    ...(services.postgres && { postgresql: ofPostgres(services.postgres) }),
    ...(services.redis && { redis: ofRedis(services.redis) }),
    ...(services.rabbitmq && { rabbitmq: ofRabbit(services.rabbitmq) }),
  };
  const found = await Promise.all(
    Object.entries(asked).map(async ([name, said]) => [name, await said.catch(() => null)] as const),
  );
  return Object.fromEntries(found.filter((entry): entry is readonly [string, string] => entry[1] !== null));
}

async function ofPostgres(url: string): Promise<string> {
  const { default: pg } = await import("pg");
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  const { rows } = await client.query("SHOW server_version").finally(() => client.end());
  return rows[0].server_version as string;
}

async function ofRedis(url: string): Promise<string> {
  const { Redis } = await import("ioredis");
  const redis = new Redis(url, { maxRetriesPerRequest: 1, retryStrategy: () => null });
  redis.on("error", () => {});
  const info = await redis.info("server").finally(() => redis.disconnect());
  return /redis_version:(\S+)/.exec(info)![1]!;
}

async function ofRabbit(url: string): Promise<string> {
  const { connect } = await import("amqplib");
  const connection = await connect(url);
  const { version: said } = connection.connection.serverProperties as { version: string };
  await connection.close();
  return said;
}
