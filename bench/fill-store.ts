import { DatabaseSync } from "node:sqlite";

/** Jobs per INSERT. */
const CHUNK = 50_000;

/**
 * Simulates a long history: copies the one finished job of a store, with its task and events, into `count` older
 * jobs of the same owner. No process may have the store open.
 */
export async function fillStore(path: string, count: number): Promise<void> {
  const db = new DatabaseSync(path);
  db.exec("PRAGMA synchronous = OFF; PRAGMA cache_size = -262144; PRAGMA wal_autocheckpoint = 50000");
  const job = db.prepare("SELECT id, owner FROM jobs WHERE finished_at IS NOT NULL LIMIT 1").get();
  if (!job) throw new Error("the store has no finished job");
  const { id, owner } = job as { id: string; owner: string };
  const sequence = db.prepare("SELECT last_seq FROM owners WHERE owner = ?").get(owner)!;
  const runs = db.prepare(
    "SELECT min(first_seq) AS first, max(last_seq) AS last FROM event_runs WHERE job_id = ?",
  );
  const { first, last } = runs.get(id) as { first: number; last: number };
  const events = last - first + 1;
  // Ids that look years old, in creation order.
  const newId = "printf('0180%04x-%04x-7000-8000-%012x', n >> 16, n & 65535, n)";
  const numbers =
    "WITH RECURSIVE numbers(n) AS (SELECT ?1 UNION ALL SELECT n + 1 FROM numbers WHERE n + 1 < ?2)";
  const moved = (seq: string) => `${sequence.last_seq} + n * ${events} + ${seq} - ${first} + 1`;
  const columns = (table: string, replaced: { [column: string]: string }) =>
    (db.prepare(`PRAGMA table_info(${table})`).all() as { name: string }[])
      .map(({ name }) => replaced[name] ?? name)
      .join(", ");
  const statements = [
    `${numbers} INSERT INTO jobs SELECT ${columns("jobs", { id: newId })} FROM numbers, jobs WHERE id = ?3`,
    `${numbers} INSERT INTO tasks SELECT ${columns("tasks", { job_id: newId })} FROM numbers, tasks WHERE job_id = ?3`,
    `${numbers} INSERT INTO event_runs SELECT ${columns("event_runs", {
      job_id: newId,
      first_seq: moved("first_seq"),
      last_seq: moved("last_seq"),
      events: `replace(events, '${id}', ${newId})`,
    })} FROM numbers, event_runs WHERE job_id = ?3`,
  ].map((sql) => db.prepare(sql));
  for (let from = 0; from < count; from += CHUNK) {
    db.exec("BEGIN");
    for (const statement of statements) statement.run(from, Math.min(count, from + CHUNK), id);
    db.exec("COMMIT");
    // Lets an interrupt (Ctrl+C) be handled between chunks.
    await new Promise((resolve) => setImmediate(resolve));
  }
  db.prepare("UPDATE owners SET last_seq = last_seq + ? WHERE owner = ?").run(count * events, owner);
  db.exec("PRAGMA wal_checkpoint(TRUNCATE)");
  db.close();
}
