import { randomBytes } from "node:crypto";
import { createServer } from "node:net";
import pg from "pg";
import { afterAll, test } from "vitest";
import { messages } from "../../../testing/broker/fixture.ts";
import { addressOf, withService } from "../../../testing/services.ts";
import { openTcpProxy, through } from "../../../testing/tcp-proxy.ts";
import { eventually, persist, sleep, within } from "../../../testing/wait.ts";
import { openPostgresBroker } from "../broker.ts";
import { testSchema } from "../testing.ts";

const schema = testSchema();

await withService("PostgreSQL", addressOf(schema.url, 5432), async () => {
  const direct = new URL(schema.url);
  const path = direct.searchParams.get("schema")!;
  direct.searchParams.delete("schema");
  const server = new pg.Client({ connectionString: direct.href });
  await server.connect();
  // A role whose new connections can be refused while the existing ones continue.
  const role = `test_${randomBytes(6).toString("hex")}`;
  await server.query(`CREATE ROLE ${role} LOGIN PASSWORD '${role}'`);
  await server.query(`CREATE SCHEMA ${path} AUTHORIZATION ${role}`);
  const url = new URL(schema.url);
  url.username = role;
  url.password = role;
  const refuse = (refused: boolean) =>
    server.query(`ALTER ROLE ${role} CONNECTION LIMIT ${refused ? 0 : -1}`);
  const end = (name: string) =>
    server.query(
      "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = $1 AND application_name = $2",
      [role, `millrace broker ${name}`],
    );
  const count = async (where: string) =>
    (
      await server.query(`SELECT count(*)::int AS n FROM pg_stat_activity WHERE usename = $1 AND ${where}`, [
        role,
      ])
    ).rows[0].n as number;
  const broker = await openPostgresBroker(url.href);
  afterAll(async () => {
    await broker.close();
    await schema.drop();
    await server.query(`DROP ROLE ${role}`);
    await server.end();
  });

  test("what a consumer could neither settle nor give back in an outage comes again", async () => {
    await broker.publish("settling", messages(3));
    const came: string[] = [];
    await broker.consume("settling", { prefetch: 3 }, async (delivery) => {
      came.push(delivery.id);
      if (came.length === 1) {
        await refuse(true);
        await end("consumers");
        await eventually(
          async () => (await count("application_name = 'millrace broker consumers'")) === 0,
          5_000,
          () => "the connection has not ended",
        );
        setTimeout(() => void refuse(false), 1_000);
      }
      await delivery.ack();
    });
    await eventually(
      async () => came.length > 3 && (await broker.depth?.("settling")) === 0,
      15_000,
      () => `came: ${came.join(", ")}`,
    );
    await broker.publish("settling", messages(3, "afterwards"));
    await eventually(
      () => messages(3, "afterwards").every(({ id }) => came.includes(id)),
      10_000,
      () => `came: ${came.join(", ")}`,
    );
  });

  test("what was taken under a lock that was lost meanwhile takes nobody's slot", async () => {
    await broker.publish("taking", messages(1));
    const holdUp = new pg.Client({ connectionString: direct.href });
    await holdUp.connect();
    await holdUp.query(`BEGIN; LOCK TABLE ${path}.deliveries IN ACCESS EXCLUSIVE MODE`);
    const came: string[] = [];
    await broker.consume("taking", { prefetch: 1 }, async (delivery) => {
      came.push(delivery.id);
      if (came.length === 1) await end("consumers");
      await delivery.ack();
    });
    await eventually(
      async () => (await count("wait_event_type = 'Lock' AND query LIKE '%SKIP LOCKED%'")) > 0,
      5_000,
      () => "nothing is being taken",
    );
    await refuse(true);
    await end("listener");
    await eventually(
      async () => (await count("application_name = 'millrace broker listener'")) === 0,
      5_000,
      () => "the listener goes on",
    );
    await holdUp.query("ROLLBACK");
    await holdUp.end();
    await sleep(500);
    await refuse(false);
    await persist(5_000, async () => {
      const [result] = await broker.publish("taking", messages(1, "afterwards"));
      if (!result!.ok) throw result!.error;
    });
    await eventually(
      async () => new Set(came).size === 2 && (await broker.depth?.("taking")) === 0,
      15_000,
      () => `came: ${came.join(", ")}`,
    );
  });

  test("closing ends while deliveries cannot be given back to a server that does not answer", async () => {
    const proxy = await openTcpProxy(addressOf(schema.url, 5432));
    const other = await openPostgresBroker(through(proxy, url.href));
    await other.publish("silent", messages(3));
    let failing = 0;
    const silence = Promise.withResolvers<void>();
    await other.consume("silent", { prefetch: 3 }, async () => {
      failing++;
      await silence.promise;
      throw new Error("cannot be worked on");
    });
    await eventually(
      () => failing === 3,
      5_000,
      () => `${failing} came`,
    );
    await proxy.outage.begin();
    const silent = createServer().listen(proxy.port, "127.0.0.1");
    silence.resolve();
    await sleep(1_000);
    await within(15_000, "closing", other.close());
    silent.close();
    await eventually(
      async () => (await broker.depth?.("silent")) === 3,
      10_000,
      () => "what it held is held for ever",
    );
  }, 60_000);
});
