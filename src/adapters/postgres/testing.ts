import { randomBytes } from "node:crypto";
import pg from "pg";
import type { CreateJob } from "../../domain/commands.ts";
import { newId } from "../../domain/ids.ts";
import { each } from "../../testing/store/scene.ts";

const server = process.env.MILLRACE_TEST_POSTGRES ?? "postgres://postgres@127.0.0.1:5432/test";

/** A schema that nobody else uses; it is made by whoever opens its URL first. */
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

/** What creates a job of one step and no files, but for what is said otherwise. */
export function jobCommand(parts: Partial<CreateJob>): CreateJob {
  return {
    id: newId(),
    now: Date.now(),
    owner: "local",
    pipeline: "text",
    version: 1,
    options: {},
    plan: [each("work")],
    metadata: {},
    priority: 4,
    startAt: null,
    retentionMs: 3_600_000,
    items: [],
    attachments: [],
    pinned: [],
    reservation: null,
    idempotency: null,
    ...parts,
  };
}
