import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { chmod, chown, copyFile, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { Redis } from "ioredis";
import pg from "pg";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { systemUser } from "../scripts/services/debian.ts";
import { java } from "../scripts/services/maven.ts";
import { millrace } from "./cli/command.ts";
import { freePort, startMillrace } from "./crash/processes.ts";
import { kafkaInstalled, startKafka } from "./services/kafka.ts";
import { postgresInstalled, startPostgres } from "./services/postgres.ts";
import { startRabbit } from "./services/rabbitmq.ts";
import { startRedis } from "./services/redis.ts";

const run = promisify(execFile);
const root = join(import.meta.dirname, "..");
const PASSWORD = "a secret/with:signs";
const encoded = encodeURIComponent(PASSWORD);
let folder = "";
let key = "";
let certificate = "";
/** Makes processes trust a certificate authority that this machine does not know. */
let trusting: NodeJS.ProcessEnv = {};

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "millrace-secured-"));
  await chmod(folder, 0o755);
  key = join(folder, "key.pem");
  certificate = join(folder, "certificate.pem");
  await run("openssl", [
    ...["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost"],
    ...["-addext", "subjectAltName=IP:127.0.0.1", "-keyout", key, "-out", certificate],
  ]);
  await chmod(key, 0o644);
  trusting = { NODE_EXTRA_CA_CERTS: certificate };
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** An image converts over this URL. With a wrong password, or without the authority, the start explains the error. */
async function tryIt(name: string, urlWith: (password: string) => string, settings: string[]) {
  const envOf = (url: string) => Object.fromEntries(settings.map((setting) => [setting, url]));
  const data = join(folder, name);
  const server = await startMillrace({
    port: await freePort(),
    args: ["--data", data, "--workers", "1"],
    env: { ...trusting, ...envOf(urlWith(encoded)) },
  });
  const picture = join(root, "samples", "flower.png");
  const converted = await millrace(
    ["convert", picture, "--width", "60", "--out", join(data, "out"), "--json"],
    {
      env: { MILLRACE_SERVER: server.url },
    },
  );
  expect(JSON.parse(converted.stdout)).toMatchObject({ state: "succeeded", converted: 1 });
  expect(await server.stop()).toBe(0);

  const start = (own: string) => ["start", "--port", "0", "--data", own];
  const [wrong, untrusted] = await Promise.all([
    millrace(start(data), { env: { ...trusting, ...envOf(urlWith("wrong")) } }),
    millrace(start(`${data}-untrusted`), { env: envOf(urlWith(encoded)) }),
  ]);
  expect(wrong.code).toBe(2);
  expect(wrong.stderr.trim().split("\n")).toHaveLength(1);
  expect(wrong.stderr).toMatch(/rejects|password authentication failed/);
  expect(untrusted.code).toBe(2);
  expect(untrusted.stderr.trim().split("\n")).toHaveLength(1);
  expect(untrusted.stderr).toMatch(/self.signed.cert/i);
  for (const { stderr } of [wrong, untrusted]) {
    expect(stderr).not.toContain(encoded);
    expect(stderr).not.toContain(PASSWORD);
  }
}

test("PostgreSQL with TLS and a password", { timeout: 120_000 }, async (context) => {
  context.skip(!postgresInstalled, "missing: Debian's package postgresql");
  const { uid, gid } = await systemUser("postgres");
  const own = join(folder, "postgres-key.pem");
  await copyFile(key, own);
  await chmod(own, 0o600);
  if (uid !== undefined) await chown(own, uid, gid!);
  const access = join(folder, "pg_hba.conf");
  await writeFile(access, "host all all 127.0.0.1/32 trust\n");
  const server = await startPostgres({
    ssl: "on",
    ssl_cert_file: certificate,
    ssl_key_file: own,
    hba_file: access,
  });
  try {
    const client = new pg.Client({ connectionString: server.url });
    await client.connect();
    await client.query(`ALTER ROLE postgres PASSWORD '${PASSWORD}'`);
    await writeFile(access, "hostssl all all 127.0.0.1/32 scram-sha-256\n");
    await client.query("SELECT pg_reload_conf()");
    await client.end();
    const { port } = new URL(server.url);
    await tryIt(
      "postgres",
      (password) => `postgres://postgres:${password}@127.0.0.1:${port}/postgres?sslmode=verify-full`,
      ["MILLRACE_STORE", "MILLRACE_BROKER"],
    );
  } finally {
    await server.stop();
  }
});

test("Redis with TLS and a password", { timeout: 120_000 }, async () => {
  const port = await freePort();
  const server = await startRedis({
    "tls-port": port,
    "tls-cert-file": certificate,
    "tls-key-file": key,
    "tls-ca-cert-file": certificate,
    "tls-auth-clients": "no",
  });
  try {
    const client = new Redis(server.url);
    await client.config("SET", "requirepass", PASSWORD);
    client.disconnect();
    await tryIt("redis", (password) => `rediss://:${password}@127.0.0.1:${port}`, ["MILLRACE_BROKER"]);
  } finally {
    await server.stop();
  }
});

test("RabbitMQ with TLS and a password", { timeout: 180_000 }, async (context) => {
  context.skip(
    !existsSync("/usr/lib/rabbitmq/bin/rabbitmq-server"),
    "missing: Debian's package rabbitmq-server",
  );
  const port = await freePort();
  const server = await startRabbit([
    `listeners.ssl.1 = 127.0.0.1:${port}`,
    `ssl_options.certfile = ${certificate}`,
    `ssl_options.keyfile = ${key}`,
    `ssl_options.cacertfile = ${certificate}`,
  ]);
  try {
    await tryIt(
      "rabbitmq",
      (password) => `amqps://guest:${password === encoded ? "guest" : password}@127.0.0.1:${port}`,
      ["MILLRACE_BROKER"],
    );
  } finally {
    await server.stop();
  }
});

describe("Kafka with TLS and SASL", () => {
  const port = freePort();
  let server: Awaited<ReturnType<typeof startKafka>> | null = null;

  beforeAll(async () => {
    if (!kafkaInstalled) return;
    const both = join(folder, "server.pem");
    await writeFile(both, `${await readFile(key, "utf8")}${await readFile(certificate, "utf8")}`);
    const login = "org.apache.kafka.common.security";
    const own = 22_000 + Math.floor(Math.random() * 900) * 10;
    server = await startKafka(own, [
      `listeners=PLAINTEXT://127.0.0.1:${own},CONTROLLER://127.0.0.1:${own + 1},SECURED://127.0.0.1:${await port}`,
      `advertised.listeners=PLAINTEXT://127.0.0.1:${own},SECURED://127.0.0.1:${await port}`,
      "listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT,SECURED:SASL_SSL",
      "ssl.keystore.type=PEM",
      `ssl.keystore.location=${both}`,
      "sasl.enabled.mechanisms=PLAIN,SCRAM-SHA-512",
      `listener.name.secured.plain.sasl.jaas.config=${login}.plain.PlainLoginModule required user_app="${PASSWORD}";`,
      `listener.name.secured.scram-sha-512.sasl.jaas.config=${login}.scram.ScramLoginModule required;`,
    ]);
    const { program, args } = await java(join(root, ".services", "kafka"), 128, "kafka.admin.ConfigCommand", [
      ...["--bootstrap-server", `127.0.0.1:${own}`, "--alter", "--entity-type", "users"],
      ...["--entity-name", "app", "--add-config", `SCRAM-SHA-512=[password=${PASSWORD}]`],
    ]);
    await run(program, args);
  }, 120_000);
  afterAll(() => server?.stop());

  test.for(["plain", "scram-sha-512"])("%s", { timeout: 180_000 }, async (mechanism, context) => {
    context.skip(!kafkaInstalled, "its programs are not in this checkout's .services");
    const secured = await port;
    await tryIt(
      `kafka-${mechanism}`,
      (password) => `kafkas://app:${password}@127.0.0.1:${secured}?sasl=${mechanism}`,
      ["MILLRACE_BROKER"],
    );
  });
});
