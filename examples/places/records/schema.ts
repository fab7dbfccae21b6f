import type { Kysely } from "kysely";
import type { Tables } from "./tables.ts";

/** Types with different names in the two databases. */
export interface Types {
  /** An auto-incremented number. */
  counting: "integer" | "bigserial";
  /** A double. */
  real: "double precision";
}

/** Creates missing tables. Run it in a change, so that processes that start together take turns. */
export async function makeTables(db: Kysely<Tables>, { counting, real }: Types): Promise<void> {
  const { schema } = db;
  await schema
    .createTable("place")
    .ifNotExists()
    .addColumn("n", counting, (column) => column.primaryKey())
    .addColumn("id", "text", (column) => column.notNull().unique())
    .addColumn("name", "text", (column) => column.notNull())
    .addColumn("name_en", "text")
    .addColumn("folded", "text", (column) => column.notNull())
    .addColumn("category", "text", (column) => column.notNull())
    .addColumn("lat", real, (column) => column.notNull())
    .addColumn("lon", real, (column) => column.notNull())
    .addColumn("hours", "text")
    .addColumn("address", "text")
    .addColumn("link", "text")
    .addColumn("state", "text", (column) => column.notNull())
    .addColumn("held", "integer", (column) => column.notNull())
    .addColumn("origin", "text", (column) => column.notNull())
    .addColumn("updated_at", real, (column) => column.notNull())
    .execute();
  await schema.createIndex("place_lat").ifNotExists().on("place").columns(["lat", "lon"]).execute();
  await schema
    .createTable("source_record")
    .ifNotExists()
    .addColumn("source", "text", (column) => column.notNull())
    .addColumn("source_id", "text", (column) => column.notNull())
    .addColumn("place_id", "text", (column) => column.notNull())
    .addPrimaryKeyConstraint("source_record_key", ["source", "source_id"])
    .execute();
  await schema
    .createIndex("source_record_place")
    .ifNotExists()
    .on("source_record")
    .column("place_id")
    .execute();
  await makeReports(db, real);
  await schema
    .createTable("sync")
    .ifNotExists()
    .addColumn("source", "text", (column) => column.primaryKey())
    .addColumn("cursor", "text")
    .addColumn("pages", "integer", (column) => column.notNull())
    .addColumn("records", "integer", (column) => column.notNull())
    .addColumn("ended_at", real)
    .execute();
}

async function makeReports({ schema }: Kysely<Tables>, real: Types["real"]): Promise<void> {
  await schema
    .createTable("report")
    .ifNotExists()
    .addColumn("id", "text", (column) => column.primaryKey())
    .addColumn("owner", "text", (column) => column.notNull())
    .addColumn("place_id", "text")
    .addColumn("cell", "text", (column) => column.notNull())
    .addColumn("photo_hash", "text")
    .addColumn("verdict", "text", (column) => column.notNull())
    .addColumn("reasons", "text", (column) => column.notNull())
    .addColumn("is_new", "integer", (column) => column.notNull())
    .addColumn("created_at", real, (column) => column.notNull())
    .execute();
  const indexes: [string, ("owner" | "cell" | "place_id" | "created_at")[]][] = [
    ["report_owner", ["owner", "created_at"]],
    ["report_cell", ["cell", "created_at"]],
    ["report_place", ["place_id"]],
  ];
  for (const [name, columns] of indexes) {
    await schema.createIndex(name).ifNotExists().on("report").columns(columns).execute();
  }
}
