import pg from "pg";
import { expect, test } from "vitest";
import { row } from "../../testing/database/fixture.ts";
import { databaseSuite } from "../../testing/database-suite.ts";
import { addressOf, withService } from "../../testing/services.ts";
import { targetOf } from "./connection.ts";
import { openPostgresDatabase } from "./database.ts";
import { testSchema } from "./testing.ts";

await withService("PostgreSQL", addressOf(testSchema().url, 5432), () => {
  databaseSuite({
    name: "postgres",
    async create() {
      const { url, drop } = testSchema();
      return { open: () => openPostgresDatabase(url), close: drop };
    },
  });

  test("uploads of an installation from before the cold records had migrations stay", async () => {
    const { url, drop } = testSchema();
    const { connectionString, schema } = targetOf(url);
    const client = new pg.Client({ connectionString });
    await client.connect();
    try {
      await client.query(`
        CREATE SCHEMA ${schema};
        CREATE TABLE uploads (
          id text COLLATE "C" PRIMARY KEY, owner text COLLATE "C" NOT NULL, expires_at bigint NOT NULL, body json NOT NULL);
        CREATE INDEX uploads_expiry ON uploads (expires_at);
        INSERT INTO uploads VALUES ('a', 'owner', 1, '{}')`);
      const databases = await Promise.all([openPostgresDatabase(url), openPostgresDatabase(url)]);
      expect(await databases[0].db.selectFrom("uploads").selectAll().execute()).toEqual([row("a")]);
      await Promise.all(databases.map((database) => database.close()));
    } finally {
      await client.end();
      await drop();
    }
  });
});
