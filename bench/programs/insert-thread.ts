import { DatabaseSync } from "node:sqlite";
import { parentPort, workerData } from "node:worker_threads";

/** The minimum for a durable request: one row, and one commit for all requests since the last one. */
const db = new DatabaseSync((workerData as { path: string }).path);
db.exec("PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL");
db.exec("CREATE TABLE requests (id TEXT PRIMARY KEY, body TEXT NOT NULL) STRICT, WITHOUT ROWID");
const insert = db.prepare("INSERT INTO requests VALUES (?, ?)");
const begin = db.prepare("BEGIN IMMEDIATE");
const commit = db.prepare("COMMIT");
let inbox: [id: string, body: string][][] = [];

parentPort!.on("message", (rows: [string, string][]) => {
  if (inbox.push(rows) === 1) setImmediate(turn);
});

function turn(): void {
  const batches = inbox;
  inbox = [];
  begin.run();
  for (const rows of batches) for (const [id, body] of rows) insert.run(id, body);
  commit.run();
  parentPort!.postMessage(batches.length);
}
