import { randomBytes } from "node:crypto";
import pg from "pg";

const server = process.env.MILLRACE_TEST_POSTGRES ?? "postgres://postgres@127.0.0.1:5432/test";

/** A private schema; the first to open its URL creates it. */
export function testSchema(): { url: string; drop(): Promise<void> } {
  const name = `test_${randomBytes(6).toString("hex")}`;
  const url = new URL(server);
  url.searchParams.set("schema", name);
  return {
    url: url.href,
    async drop() {
      const client = new pg.Client({ connectionString: server });
      await client.connect();
      await client.query(`DROP SCHEMA IF EXISTS ${name} CASCADE`);
      await client.end();
    },
  };
}
