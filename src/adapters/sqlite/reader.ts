import { createServer } from "node:net";
import { DatabaseSync } from "node:sqlite";
import { parentPort, workerData } from "node:worker_threads";
import { coldReads } from "./cold-statements.ts";
import { Connection } from "./connection.ts";
import { wireError } from "./faults.ts";
import type { Call } from "./protocol.ts";
import { ReadTurns } from "./read-turns.ts";
import { reads } from "./reads.ts";

/**
 * The thread that answers read-only calls, over its own database connection: reader and writer do not wait for each
 * other. It sees everything that the writer has committed, so a process that learned of a commit finds it here.
 */
const { path, socketPath } = workerData as { path: string; socketPath: string };
/** The reader waits for the writer only while that opens the database or checkpoints its log. */
const BUSY_MS = 5_000;

const db = new DatabaseSync(path, { readOnly: true, timeout: BUSY_MS });
const handlers = { ...reads(db), ...coldReads(db) } as Record<string, (argument: unknown) => unknown>;
const connections = new Set<Connection>();
const turns = new ReadTurns();
let turning = false;

function receive(connection: Connection, calls: Call[]): void {
  for (const call of calls) turns.add(connection, call);
  soon();
}

function soon(): void {
  if (turning) return;
  turning = true;
  setImmediate(turn);
}

function turn(): void {
  turning = false;
  if (turns.answer(answer)) soon();
  for (const connection of connections) connection.send();
}

function answer(connection: Connection, [id, method, argument]: Call): void {
  try {
    const handler = handlers[method];
    if (!handler) throw new Error(`The reader has no method "${method}".`);
    connection.reply(["ok", id, handler(argument) ?? null]);
  } catch (error) {
    connection.reply(["error", id, wireError(error)]);
  }
}

function gone(connection: Connection): void {
  connections.delete(connection);
  turns.drop(connection);
}

const server = createServer((socket) => {
  connections.add(new Connection(socket, receive, gone, soon));
});
server.listen(socketPath, () => parentPort!.postMessage("ready"));

parentPort!.on("message", () => {
  server.close();
  for (const connection of connections) {
    connection.send();
    connection.close();
  }
  db.close();
  parentPort!.close();
});
