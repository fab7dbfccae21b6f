import { closeSync, existsSync, openSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { basename, dirname } from "node:path";
import { backup, DatabaseSync } from "node:sqlite";
import { parentPort, workerData } from "node:worker_threads";
import type { Claim, Settle } from "../../domain/commands.ts";
import { newId } from "../../domain/ids.ts";
import type { TaskDelivery } from "../../domain/records.ts";
import { packTask } from "../../domain/stored.ts";
import type { Message } from "../../ports/broker.ts";
import type { ClaimResult, Heartbeat } from "../../ports/store/tasks.ts";
import { fillWindows } from "./backlog.ts";
import { Ballast } from "./ballast.ts";
import { budgets } from "./budgets.ts";
import { StoreClock } from "./clock.ts";
import { coldWrites } from "./cold-statements.ts";
import { Connection } from "./connection.ts";
import { fileCheck, fullError, isFull, Refusal, wireError } from "./faults.ts";
import { SqliteLedger } from "./ledger.ts";
import { lockFolder } from "./lock.ts";
import { type Call, socketFile } from "./protocol.ts";
import { queueReads } from "./queue-reads.ts";
import { Queues } from "./queues.ts";
import { prepare } from "./schema.ts";
import { type ClaimFor, hintOf, Window } from "./window.ts";
import { writes } from "./writes.ts";

/**
 * The thread that owns the database. Everything that has arrived when it turns to its inbox is one
 * transaction (group commit); answers and deliveries leave after the commit, never before.
 */
interface WriterData {
  path: string;
  socketPath: string;
  /** The embedded broker is in use: deliveries go to it at once. */
  publishes: boolean;
}

interface Consume {
  id: number;
  queue: string;
  prefetch: number;
  claimFor: ClaimFor | null;
}

interface Asked {
  connection: Connection;
  call: Call;
}

type Handler = (argument: unknown, connection: Connection) => unknown;

/** What makes room: it is written when nothing else can be. */
const freeing = new Set([
  "cancelJob",
  "removeJob",
  "expire",
  "unpin",
  "collect",
  "forget",
  "database.delete",
]);

const { path, socketPath, publishes } = workerData as WriterData;
const lock = lockFolder(path);
// Made here, for its mode: SQLite's other files take it from this one.
closeSync(openSync(path, "a", 0o600));
const db = new DatabaseSync(path);
const ballast = new Ballast(path);
whileOpening(() => prepare(db));
ballast.restore();
const assertFileThere = fileCheck(path);
// An embedded broker needs no store of deliveries: it is asked in the transaction that makes room.
const clock = new StoreClock();
const queues = new Queues({ ahead: !publishes });
const ledger = new SqliteLedger(db, queues);
const window = new Window();
const connections = new Set<Connection>();
const writeHandlers = { ...writes(ledger, queues, clock), ...coldWrites(db) } as Record<string, Handler>;
const others = { ...queueReads(ledger, queues, clock), ...budgets(), ...talk() } as Record<string, Handler>;
let inbox: Asked[] = [];
let turning = false;
/** A smaller change of the clock's offset is not worth a message. */
const TOLD_OFFSET_MS = 5;
let toldOffset = clock.offset;
/** Who takes a backup: files are not collected until their connections end. */
const holders = new Set<Connection>();

// The processes that held leases ended with the writer before: their tasks are due at once.
whileOpening(() => {
  ledger.sql.wakeLeases.run();
  ledger.sql.unpublish.run();
});
count();

/** A full disk must not keep Millrace from starting: then nobody could free it. */
function whileOpening(work: () => void): void {
  try {
    work();
  } catch (error) {
    if (!isFull(error) || !ballast.spend()) throw error;
    work();
  }
}

function talk(): Record<string, Handler> {
  return {
    health: assertFileThere,
    "bus.subscribe": (topic, connection) => {
      connection.topics.add(topic as string);
    },
    "bus.unsubscribe": (topic, connection) => {
      connection.topics.delete(topic as string);
    },
    "bus.publish": (argument) => {
      const { topic, message } = argument as { topic: string; message: string };
      broadcast(topic, message);
    },
    "broker.publish": (argument) => {
      const { queue, messages } = argument as { queue: string; messages: Message[] };
      window.publish(queue, messages);
    },
    "broker.consume": (argument, connection) => {
      const { id, queue, prefetch, claimFor } = argument as Consume;
      window.consume(connection, id, queue, prefetch, publishes ? claimFor : null);
    },
    "broker.stop": (id, connection) => window.stop(connection, id as number),
    "broker.settle": (argument, connection) => {
      const [id, tag, how] = argument as [number, number, "ack" | "retry" | "reject"];
      return window.settle(connection, id, tag, how);
    },
    clock: () => clock.offset,
    "backup.begin": (_, connection) => {
      holders.add(connection);
      queues.collectionHeld = true;
    },
    "backup.records": (target) => backup(db, target as string),
    "backup.held": (_, connection) => holders.has(connection),
    "broker.depth": (queue) => window.depth(queue as string),
    "broker.purge": (queue) => window.purge(queue as string),
    "broker.deadLetters": (argument) => {
      const { queue, limit } = argument as { queue: string; limit: number };
      return window.deadLetters(queue, limit);
    },
  };
}

function broadcast(topic: string, message: string): void {
  for (const connection of connections) {
    if (connection.topics.has(topic)) connection.push(`bus.${topic}`, message);
  }
}

function count(): void {
  queues.reset(
    ledger.sql.countTasks.all() as { queue: string; state: string; n: number }[],
    ledger.sql.countDelayed.all() as { queue: string; owner: string; n: number }[],
    ledger.sql.paused.all().map((row) => row.queue as string),
    ledger.sql.liveJobs.all() as { state: string; n: number }[],
  );
}

function receive(connection: Connection, calls: Call[]): void {
  for (const call of calls) inbox.push({ connection, call });
  soon();
}

function soon(): void {
  if (turning) return;
  turning = true;
  setImmediate(turn);
}

/** Every process tells the store's time by its own monotonic clock and this offset. */
function keepTime(): void {
  clock.catchUp();
  if (Math.abs(clock.offset - toldOffset) < TOLD_OFFSET_MS) return;
  toldOffset = clock.offset;
  for (const connection of connections) connection.push("clock", clock.offset);
}

function turn(): void {
  turning = false;
  keepTime();
  if (ballast.isSpent) ballast.restore();
  const batch = inbox;
  inbox = [];
  const changes: Asked[] = [];
  const rest: Asked[] = [];
  for (const asked of batch) {
    const method = asked.call[1];
    if (isInMemory(method)) answer(asked);
    else if (ballast.isSpent && method in writeHandlers && !freeing.has(method)) {
      asked.connection.reply(["error", asked.call[0], fullError()]);
    } else (method in writeHandlers ? changes : rest).push(asked);
  }
  if (changes.length > 0 || window.hasUnclaimed()) {
    // These answers need not wait for the disk.
    send();
    transact(changes);
  }
  for (const asked of rest) answer(asked);
  window.push();
  send();
}

/** Reservations and the broker's matters: what they leave room for is handed out in the same turn. */
function isInMemory(method: string): boolean {
  return method === "reserve" || method === "release" || method.startsWith("broker.");
}

function send(): void {
  for (const connection of connections) connection.send();
}

function answer({ connection, call: [id, method, argument] }: Asked): void {
  try {
    const handler = others[method] ?? writeHandlers[method];
    if (!handler) throw new Error(`The writer has no method "${method}".`);
    const value = handler(argument, connection) ?? null;
    if (value instanceof Promise) void answerLater(connection, id, value);
    else connection.reply(["ok", id, value]);
  } catch (error) {
    connection.reply(["error", id, wireError(error)]);
  }
}

async function answerLater(connection: Connection, id: number, value: Promise<unknown>): Promise<void> {
  try {
    connection.reply(["ok", id, await value]);
  } catch (error) {
    connection.reply(["error", id, wireError(error)]);
  }
  connection.send();
}

/** All of it commits together; when that fails each call is tried alone, so that one sinks no other. */
function transact(changes: Asked[]): void {
  const values: unknown[] = [];
  const deliveries: TaskDelivery[] = [];
  try {
    ledger.sql.begin.run();
    for (const { call, connection } of changes) {
      ledger.deliveries = [];
      ledger.revoked = [];
      ledger.now = clock.now();
      if (call[1] === "heartbeat") hear(connection, call[2] as Heartbeat);
      values.push(writeHandlers[call[1]]!(call[2], connection));
      if (call[1] === "settle") window.ended((call[2] as Settle).lease);
      for (const delivery of ledger.deliveries) deliveries.push(delivery);
      // The embedded broker has them from here: their way over the socket would be for nothing.
      if (publishes) ledger.deliveries.length = 0;
    }
    // What is handed out is claimed before it is saved, so that it is saved once.
    if (publishes) handOver(deliveries);
    ledger.flush();
    refill(values);
    ledger.finish();
    assertFileThere();
    ledger.sql.commit.run();
  } catch (error) {
    undo();
    window.unclaim();
    if (changes.length > 1) {
      for (const change of changes) transact([change]);
      return;
    }
    if (changes.length === 0) return;
    const { connection, call } = changes[0]!;
    if (isFull(error) && freeing.has(call[1]) && ballast.spend()) return transact(changes);
    connection.reply(["error", call[0], wireError(error)]);
    return;
  }
  changes.forEach(({ connection, call }, n) => {
    const value = values[n] ?? null;
    connection.reply(value instanceof Refusal ? ["error", call[0], value.error] : ["ok", call[0], value]);
  });
  for (const owner of ledger.grown) broadcast("log", owner);
  ledger.committed();
  window.push();
}

function hear(connection: Connection, { id }: Heartbeat): void {
  // The end of this connection will tell the end of that worker.
  connection.worker = id;
  if (!queues.workers.has(id)) window.back(id);
}

/** Workers get their tasks together with the claim, which saves them a call and the records a transaction. */
function claimAssigned(): void {
  for (let n = 0; n < window.assigned().length; ) {
    const assigned = window.assigned()[n]!;
    const { claimFor } = assigned.subscriber;
    if (!claimFor || assigned.claim) {
      n++;
      continue;
    }
    if (!queues.workers.has(claimFor.worker)) {
      // Its process has ended, though not all of its connections have yet; or it was silent for too long.
      window.refuse(assigned);
      continue;
    }
    const { taskId, generation } = hintOf(assigned);
    const now = clock.now();
    ledger.now = now;
    const command: Claim = { taskId, generation, lease: newId(now), now, ...claimFor };
    const claim = writeHandlers.claim!(command, null as never) as ClaimResult;
    if (!claim.claimed) {
      window.drop(assigned);
      continue;
    }
    const { task, job } = claim;
    window.claimed(assigned, command.lease, { task: packTask(task), job });
  }
}

/** What the windows have room for leaves the backlog: to the embedded broker, or with somebody's answer. */
function refill(values: unknown[]): void {
  const bearer = values.find((value) =>
    Array.isArray((value as { deliveries?: unknown } | null)?.deliveries),
  ) as { deliveries: TaskDelivery[] } | undefined;
  if (!publishes && !bearer) return;
  ledger.deliveries = [];
  fillWindows(ledger, queues, clock.now());
  if (publishes) handOver(ledger.deliveries);
  else bearer!.deliveries = [...bearer!.deliveries, ...ledger.deliveries];
}

/** To the embedded broker. Should the transaction fail, these are hints that lead to nothing. */
function handOver(deliveries: TaskDelivery[]): void {
  for (const [queue, tasks] of Map.groupBy(deliveries, (delivery) => delivery.queue)) {
    window.publish(queue, tasks);
  }
  claimAssigned();
}

function undo(): void {
  try {
    ledger.sql.rollback.run();
  } catch {
    // SQLite has rolled back by itself, as it does when the disk is full.
  }
  ledger.rolledBack();
  count();
}

function gone(connection: Connection): void {
  holders.delete(connection);
  queues.collectionHeld = holders.size > 0;
  connections.delete(connection);
  window.gone(connection);
  soon();
  if (connection.worker === null || !queues.workers.has(connection.worker)) return;
  // Another broker's deliveries must be somebody's answer: the next sweep takes care of it.
  if (!publishes) queues.departed.add(connection.worker);
  else receive(connection, [[0, "workerGone", { worker: connection.worker, now: clock.now() }]]);
}

const server = createServer((socket) => {
  connections.add(new Connection(socket, receive, gone, soon));
});
removeLastSocket();
server.listen(socketPath, () => {
  // For commands that are run beside a Millrace that is already there.
  writeFileSync(socketFile(path), socketPath, { mode: 0o600 });
  parentPort!.postMessage("ready");
});

/** Whoever owned this data folder before, and was killed, left the private folder of its socket. */
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
  // What is already in the inbox is answered to nobody, but it is committed.
  if (inbox.length > 0) turn();
  db.close();
  lock.release();
  rmSync(socketFile(path), { force: true });
  parentPort!.close();
});
