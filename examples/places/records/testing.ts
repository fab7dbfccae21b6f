import { randomBytes } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pg from "pg";
import { openRecords, type Records } from "./open.ts";

export type Kind = Records["kind"];
export const kinds: readonly Kind[] = ["sqlite", "postgres"];

/** PostgreSQL server on which tests may create databases. */
export const server = process.env.MILLRACE_TEST_POSTGRES;

export interface TestRecords extends AsyncDisposable {
  readonly url: string;
  readonly records: Records;
}

/** Records for one test, deleted with it. */
export async function testRecords(kind: Kind): Promise<TestRecords> {
  const place = kind === "sqlite" ? await testFile() : await testDatabase();
  const records = await openRecords(place.url);
  return {
    ...{ url: place.url, records },
    async [Symbol.asyncDispose]() {
      await records.close();
      await place.remove();
    },
  };
}

async function testFile() {
  const folder = await mkdtemp(join(tmpdir(), "places-"));
  return { url: `sqlite:${join(folder, "places.db")}`, remove: () => rm(folder, { recursive: true }) };
}

/** Creates a database on the test server. */
export async function testDatabase() {
  if (server === undefined) throw new Error("MILLRACE_TEST_POSTGRES names no server.");
  const name = `places_${randomBytes(6).toString("hex")}`;
  const url = new URL(server);
  url.pathname = `/${name}`;
  await onServer(`create database ${name}`);
  return { url: url.href, remove: () => onServer(`drop database ${name} with (force)`) };
}

async function onServer(statement: string): Promise<void> {
  const client = new pg.Client({ connectionString: server });
  await client.connect();
  try {
    await client.query(statement);
  } finally {
    await client.end();
  }
}
