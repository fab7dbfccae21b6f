import type { Tables, UploadRow } from "../../database/tables.ts";
import type { Database } from "../../ports/database.ts";

/** Describes an adapter to the suite. */
export interface DatabaseHarness {
  name: string;
  /** A new, empty database; the suite closes it. */
  create(): Promise<TestDatabase>;
}

export interface TestDatabase {
  /** Another connection to the same records. The suite closes it. */
  open(): Promise<Database<Tables>>;
  close(): Promise<void>;
}

/** What one point's test works with. */
export interface DatabaseFixture {
  readonly database: Database<Tables>;
  /** Another connection to the same records. */
  open(): Promise<Database<Tables>>;
}

export async function withFixture(
  harness: DatabaseHarness,
  prove: (fixture: DatabaseFixture) => Promise<void>,
): Promise<void> {
  const created = await harness.create();
  const opened: Database<Tables>[] = [];
  const open = async () => {
    const database = await created.open();
    opened.push(database);
    return database;
  };
  try {
    await prove({ database: await open(), open });
  } finally {
    await Promise.allSettled(opened.map((database) => database.close()));
    await created.close();
  }
}

/** A row to try statements with. */
export function row(id: string, parts: Partial<UploadRow> = {}): UploadRow {
  return { id, owner: "owner", expires_at: 1, bytes: 0, body: "{}", ...parts };
}
