import { mkdtemp } from "node:fs/promises";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import pg from "pg";
import { targetOf } from "../../src/adapters/postgres/connection.ts";
import { openPostgresDatabase } from "../../src/adapters/postgres/database.ts";
import { connectWriter } from "../../src/adapters/sqlite/client.ts";
import { sqliteDatabase } from "../../src/adapters/sqlite/database.ts";
import { resolveConfig } from "../../src/compose/config.ts";
import { startEmbedded } from "../../src/compose/embedded.ts";
import { pictureRecords } from "../../src/database/pictures.ts";
import type { Tables } from "../../src/database/tables.ts";
import { bandKeys, MAX_DISTANCE } from "../../src/domain/picture-hashes.ts";
import { createPictures } from "../../src/engine/pictures.ts";
import type { Database } from "../../src/ports/database.ts";
import { type Report, type Row, target } from "../report.ts";
import { postgres } from "../services.ts";
import type { Session } from "../session.ts";
import { median, percentile } from "../statistics.ts";

/** Rows per statement. */
const CHUNK = 50_000;
const SEARCHES = 100;
const WANTED_MS = 20;

/** Searches for similar images among all images of one owner. */
export async function nearDuplicates(session: Session): Promise<Report> {
  const hashes = session.quick ? 100_000 : 1_000_000;
  const rows: Row[] = [];
  // An image's id is its hash.
  const known = Array.from({ length: hashes }, randomHash).sort();
  for (const [subject, open] of [
    ["SQLite", openSqlite],
    ["PostgreSQL", openPostgres],
  ] as const) {
    rows.push({ subject, figures: await measure(session, await open(session, known), known) });
    session.say(`${subject}: ${JSON.stringify(rows.at(-1)!.figures)}`);
  }
  return {
    name: "near-duplicates",
    title: "Near-duplicates",
    method: [
      `One owner has ${hashes.toLocaleString("en")} pictures of random hashes. Of ${SEARCHES} of them, the hash of a copy that differs in ${MAX_DISTANCE} bits is looked for in the eight ways in which a picture can lie, one after the other, as \`image.derive\` does: it is remembered, and the pictures that are found are checked.`,
    ],
    columns: [
      { name: "least", title: "least, ms", digits: 1 },
      { name: "p50", title: "p50, ms", digits: 1 },
      { name: "p95", title: "p95, ms", digits: 1 },
      { name: "found", title: "copies found, %", digits: 0 },
    ],
    rows,
    targets: [
      target(
        "the slower store's p50",
        Math.max(...rows.map(({ figures }) => figures.p50!)),
        { atMost: WANTED_MS },
        "ms",
      ),
      target("copies found", Math.min(...rows.map(({ figures }) => figures.found!)), { atLeast: 100 }, "%"),
    ],
  };
}

/** The rows of both tables in key order, which is the fastest way to insert them. */
function rowsOf(known: readonly string[]) {
  const bands = known.flatMap((hash) => bandKeys(hash).map((band) => [band, hash] as const));
  return { pictures: known, bands: bands.sort(([one], [other]) => one - other) };
}

async function openSqlite(session: Session, known: readonly string[]): Promise<Database<Tables>> {
  const data = await mkdtemp(join(session.folder, "pictures-"));
  const { config } = await resolveConfig({ data }, {}, session.folder);
  await (await startEmbedded(config))!.close();
  const db = new DatabaseSync(config.store.slice("sqlite:".length));
  const { pictures, bands } = rowsOf(known);
  db.exec("BEGIN");
  const picture = db.prepare("INSERT INTO pictures VALUES (?, 'one', 'job', ?, 0)");
  for (const hash of pictures) picture.run(hash, hash);
  const band = db.prepare("INSERT INTO picture_bands VALUES ('one', ?, ?)");
  for (const row of bands) band.run(...row);
  db.exec("COMMIT");
  db.close();
  const writer = (await startEmbedded(config))!;
  session.onEnd(() => writer.close());
  return sqliteDatabase(await connectWriter(writer.socketPath));
}

async function openPostgres(session: Session, known: readonly string[]): Promise<Database<Tables>> {
  const url = await postgres(session);
  const database = await openPostgresDatabase(url);
  const { connectionString, schema } = targetOf(url);
  const client = new pg.Client({ connectionString });
  await client.connect();
  await client.query(`SET search_path TO ${schema}`);
  const { pictures, bands } = rowsOf(known);
  for (let at = 0; at < pictures.length; at += CHUNK) {
    const text = "INSERT INTO pictures SELECT h, 'one', 'job', h, 0 FROM unnest($1::text[]) h";
    await client.query(text, [pictures.slice(at, at + CHUNK)]);
  }
  for (let at = 0; at < bands.length; at += CHUNK) {
    const text = "INSERT INTO picture_bands SELECT 'one', b, h FROM unnest($1::int[], $2::text[]) AS t(b, h)";
    const rows = bands.slice(at, at + CHUNK);
    await client.query(text, [rows.map(([band]) => band), rows.map(([, hash]) => hash)]);
  }
  // Autovacuum leaves long-lived tables in this state.
  await client.query("VACUUM ANALYZE pictures, picture_bands");
  await client.end();
  return database;
}

async function measure(session: Session, database: Database<Tables>, known: readonly string[]) {
  session.onEnd(() => database.close());
  // Every file exists.
  const file = { blob: "", artifactId: "", jobId: "", name: "", mediaType: "", bytes: 1, sha256: "" };
  const pictures = createPictures(pictureRecords(database), { artifact: async () => file, now: Date.now });
  const times: number[] = [];
  let found = 0;
  for (let n = 0; n < SEARCHES; n++) {
    const planted = known[Math.floor(Math.random() * known.length)]!;
    const turned = [...mirrored(changed(planted)), ...mirrored(randomHash())];
    const before = performance.now();
    const copy = { artifactId: `copy-${n}`, owner: "one", jobId: "copy" };
    const near = await pictures.nearDuplicates(copy, turned);
    times.push(performance.now() - before);
    if (near.some(({ artifactId }) => artifactId === planted)) found++;
  }
  return {
    least: Math.min(...times),
    p50: median(times),
    p95: percentile(times, 0.95),
    found: (100 * found) / SEARCHES,
  };
}

function randomHash(): string {
  const word = () =>
    Math.floor(Math.random() * 2 ** 32)
      .toString(16)
      .padStart(8, "0");
  return word() + word();
}

/** The hash and its mirror images, in which some bands are inverted. Rotated images would have different bands. */
function mirrored(hash: string): string[] {
  const inverted = (mask: bigint) => (BigInt(`0x${hash}`) ^ mask).toString(16).padStart(16, "0");
  return [0n, 0xffffffffn, 0xffff0000ffffn, 0xffffffff0000n].map(inverted);
}

/** Changes as many bits as a near-duplicate may differ in. */
function changed(hash: string): string {
  let value = BigInt(`0x${hash}`);
  const bits = new Set<number>();
  while (bits.size < MAX_DISTANCE) bits.add(Math.floor(Math.random() * 64));
  for (const bit of bits) value ^= 1n << BigInt(bit);
  return value.toString(16).padStart(16, "0");
}
