import { closeSync, existsSync, openSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { basename, dirname } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { parentPort, workerData } from "node:worker_threads";
import { Ballast } from "./ballast.ts";
import { budgets } from "./budgets.ts";
import { StoreClock } from "./clock.ts";
import { coldWrites } from "./cold-statements.ts";
import { Connection } from "./connection.ts";
import { fileCheck, isFull } from "./faults.ts";
import { HandOver } from "./hand-over.ts";
import { SqliteLedger } from "./ledger.ts";
import { lockFolder } from "./lock.ts";
import { socketFile } from "./protocol.ts";
import { queueReads } from "./queue-reads.ts";
import { Queues } from "./queues.ts";
import { prepare } from "./schema.ts";
import { sideCalls } from "./side-calls.ts";
import { type Handler, Turns } from "./turns.ts";
import { Window } from "./window.ts";
import { writes } from "./writes.ts";

/** The thread that owns the database: opens it, and serves calls over a socket (see `turns.ts`). */
interface WriterData {
  path: string;
  socketPath: string;
  /** The embedded broker is in use: deliveries go to it at once. */
  publishes: boolean;
}

const { path, socketPath, publishes } = workerData as WriterData;
const lock = lockFolder(path);
// Created here to set its mode, which SQLite's other files inherit.
closeSync(openSync(path, "a", 0o600));
const db = new DatabaseSync(path);
const ballast = new Ballast(path);
whileOpening(() => prepare(db));
ballast.restore();
const assertFileThere = fileCheck(path);
const clock = new StoreClock(Number(db.prepare("SELECT at FROM clock").get()!.at));
// The embedded broker needs no stock of deliveries: it gets new ones in the transaction that makes room.
const queues = new Queues({ ahead: !publishes });
const ledger = new SqliteLedger(db, queues);
const window = new Window();
const connections = new Set<Connection>();
/** Connections that run a backup: no files are collected until they end. */
const holders = new Set<Connection>();
const changes = writes(ledger, queues, clock);
const handOver = new HandOver({ ledger, queues, window, clock, publishes, claim: changes.claim });
const side = { db, queues, window, clock, publishes, holders, broadcast, assertFileThere };
const turns = new Turns({
  ...{ ledger, queues, window, clock, ballast, handOver, publishes },
  writes: { ...changes, ...coldWrites(db) } as Record<string, Handler>,
  others: { ...queueReads(ledger, queues, clock), ...budgets(), ...sideCalls(side) } as Record<
    string,
    Handler
  >,
  ...{ connections, broadcast, assertFileThere, recount },
});

// The processes that held leases ended with the previous writer: their tasks are due at once.
whileOpening(() => {
  ledger.sql.wakeLeases.run();
  ledger.sql.unpublish.run();
});
recount();

/** A full disk must not prevent Millrace from starting, because then nobody could free it. */
function whileOpening(work: () => void): void {
  try {
    work();
  } catch (error) {
    if (!isFull(error) || !ballast.spend()) throw error;
    work();
  }
}

function broadcast(topic: string, message: string): void {
  for (const connection of connections) {
    if (connection.topics.has(topic)) connection.push(`bus.${topic}`, message);
  }
}

function recount(): void {
  queues.reset(
    ledger.sql.countTasks.all() as { queue: string; state: string; n: number }[],
    ledger.sql.countDelayed.all() as { queue: string; owner: string; n: number }[],
    ledger.sql.paused.all().map((row) => row.queue as string),
    ledger.sql.liveJobs.all() as { state: string; n: number }[],
  );
}

function gone(connection: Connection): void {
  holders.delete(connection);
  queues.collectionHeld = holders.size > 0;
  connections.delete(connection);
  window.gone(connection);
  turns.soon();
  if (connection.worker === null || !queues.workers.has(connection.worker)) return;
  // Deliveries for another broker must go out with a caller's answer, so the next sweep handles it.
  if (!publishes) queues.departed.add(connection.worker);
  else turns.receive(connection, [[0, "workerGone", { worker: connection.worker, now: clock.now() }]]);
}

const server = createServer((socket) => {
  connections.add(
    new Connection(
      socket,
      (connection, calls) => turns.receive(connection, calls),
      gone,
      () => turns.soon(),
    ),
  );
});
removeLastSocket();
server.listen(socketPath, () => {
  // For commands run next to a running Millrace.
  writeFileSync(socketFile(path), socketPath, { mode: 0o600 });
  parentPort!.postMessage("ready");
});

/** Removes the private socket folder of a previous owner that was killed. */
function removeLastSocket(): void {
  if (!existsSync(socketFile(path))) return;
  const folder = dirname(readFileSync(socketFile(path), "utf8"));
  if (dirname(folder) === tmpdir() && /^millrace-\w{6}$/.test(basename(folder)))
    rmSync(folder, { recursive: true, force: true });
}

parentPort!.on("message", () => {
  server.close();
  for (const connection of connections) {
    connection.send();
    connection.close();
  }
  turns.close();
  db.close();
  lock.release();
  rmSync(socketFile(path), { force: true });
  parentPort!.close();
});
