import pg from "pg";
import { afterAll } from "vitest";
import { limiterSuite } from "../../testing/limiter-suite.ts";
import { addressOf, withService } from "../../testing/services.ts";
import { openTcpProxy, through } from "../../testing/tcp-proxy.ts";
import { targetOf as schemaOf } from "./connection.ts";
import { openPostgresLimiter } from "./limiter.ts";
import { testSchema } from "./testing.ts";

const schema = testSchema();

await withService("PostgreSQL", addressOf(schema.url, 5432), async () => {
  const proxy = await openTcpProxy(addressOf(schema.url, 5432));
  const proxied = through(proxy, schema.url);
  const pool = new pg.Pool({ connectionString: schemaOf(schema.url).connectionString, max: 1 });
  afterAll(async () => {
    await pool.end();
    await schema.drop();
    await proxy.close();
  });

  limiterSuite({
    name: "postgres",
    open: () => openPostgresLimiter(proxied),
    child: {
      module: new URL("./limiter.ts", import.meta.url).href,
      factory: "openPostgresLimiter",
      args: [proxied],
    },
    outage: proxy.outage,
    kept: async () => Number((await pool.query("SELECT count(*) AS n FROM budgets")).rows[0].n),
  });
});
