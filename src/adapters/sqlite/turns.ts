import type { Settle } from "../../domain/commands.ts";
import type { TaskDelivery } from "../../domain/records.ts";
import type { Heartbeat } from "../../ports/store/tasks.ts";
import type { Ballast } from "./ballast.ts";
import type { StoreClock } from "./clock.ts";
import type { Connection } from "./connection.ts";
import { fullError, isFull, Refusal, wireError } from "./faults.ts";
import type { HandOver } from "./hand-over.ts";
import type { SqliteLedger } from "./ledger.ts";
import type { Call } from "./protocol.ts";
import type { Queues } from "./queues.ts";
import type { Window } from "./window.ts";

export type Handler = (argument: unknown, connection: Connection) => unknown;

interface Asked {
  connection: Connection;
  call: Call;
}

export interface TurnParts {
  ledger: SqliteLedger;
  queues: Queues;
  window: Window;
  clock: StoreClock;
  ballast: Ballast;
  handOver: HandOver;
  /** The embedded broker is in use: deliveries go to it at once. */
  publishes: boolean;
  /** Calls that change records, by name. */
  writes: Record<string, Handler>;
  /** All others. */
  others: Record<string, Handler>;
  connections: ReadonlySet<Connection>;
  broadcast(topic: string, message: string): void;
  assertFileThere(): void;
  /** Recounts the queues from the records, as after a start. */
  recount(): void;
}

/** Calls that free space: they are written even when nothing else can be. */
const freeing = new Set([
  "cancelJob",
  "removeJob",
  "expire",
  "unpin",
  "collect",
  "forget",
  "database.delete",
]);

/** A smaller change of the clock's offset is not worth a message. */
const TOLD_OFFSET_MS = 5;
/** How exactly a restart knows when the store was last written. */
const SAVE_TIME_MS = 1_000;

/**
 * Everything in the inbox forms one transaction (group commit). Answers and deliveries are sent after the commit, never
 * before.
 */
export class Turns {
  readonly #parts: TurnParts;
  #inbox: Asked[] = [];
  #isTurning = false;
  #toldOffset: number;
  #savedAt = 0;

  constructor(parts: TurnParts) {
    this.#parts = parts;
    this.#toldOffset = parts.clock.offset;
  }

  receive(connection: Connection, calls: Call[]): void {
    for (const call of calls) this.#inbox.push({ connection, call });
    this.soon();
  }

  soon(): void {
    if (this.#isTurning) return;
    this.#isTurning = true;
    setImmediate(() => this.#turn());
  }

  /** Commits what is already in the inbox, without answering. */
  close(): void {
    if (this.#inbox.length > 0) this.#turn();
  }

  #turn(): void {
    const { ballast, window, writes } = this.#parts;
    this.#isTurning = false;
    this.#keepTime();
    if (ballast.isSpent) ballast.restore();
    const batch = this.#inbox;
    this.#inbox = [];
    const changes: Asked[] = [];
    const rest: Asked[] = [];
    for (const asked of batch) {
      const method = asked.call[1];
      if (isInMemory(method)) this.#answer(asked);
      else if (ballast.isSpent && method in writes && !freeing.has(method)) {
        asked.connection.reply(["error", asked.call[0], fullError()]);
      } else (method in writes ? changes : rest).push(asked);
    }
    if (changes.length > 0 || window.hasUnclaimed()) {
      // These answers need not wait for the disk.
      this.#send();
      this.#transact(changes);
    }
    for (const asked of rest) this.#answer(asked);
    window.push();
    this.#send();
  }

  /** Every process computes the store's time from its own monotonic clock and this offset. */
  #keepTime(): void {
    const { clock, connections } = this.#parts;
    clock.catchUp();
    if (Math.abs(clock.offset - this.#toldOffset) < TOLD_OFFSET_MS) return;
    this.#toldOffset = clock.offset;
    for (const connection of connections) connection.push("clock", clock.offset);
  }

  /** Part of a transaction that writes anyway, so it costs no commit of its own. */
  #saveTime(now: number): void {
    if (now - this.#savedAt < SAVE_TIME_MS) return;
    this.#savedAt = now;
    this.#parts.ledger.sql.saveTime.run(now);
  }

  #send(): void {
    for (const connection of this.#parts.connections) connection.send();
  }

  #answer({ connection, call: [id, method, argument] }: Asked): void {
    try {
      const handler = this.#parts.others[method] ?? this.#parts.writes[method];
      if (!handler) throw new Error(`The writer has no method "${method}".`);
      const value = handler(argument, connection) ?? null;
      if (value instanceof Promise) void answerLater(connection, id, value);
      else connection.reply(["ok", id, value]);
    } catch (error) {
      connection.reply(["error", id, wireError(error)]);
    }
  }

  /** Commits everything together; if that fails, tries each call alone, so that one cannot fail the others. */
  #transact(changes: Asked[]): void {
    const { ledger, window, ballast, broadcast } = this.#parts;
    let values: unknown[];
    try {
      values = this.#commit(changes);
    } catch (error) {
      this.#undo();
      window.unclaim();
      if (changes.length > 1) {
        for (const change of changes) this.#transact([change]);
        return;
      }
      if (changes.length === 0) return;
      const { connection, call } = changes[0]!;
      if (isFull(error) && freeing.has(call[1]) && ballast.spend()) return this.#transact(changes);
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

  #commit(changes: Asked[]): unknown[] {
    const { ledger, window, clock, publishes, writes, handOver, assertFileThere } = this.#parts;
    const values: unknown[] = [];
    const deliveries: TaskDelivery[] = [];
    ledger.sql.begin.run();
    for (const { call, connection } of changes) {
      ledger.deliveries = [];
      ledger.revoked = [];
      ledger.now = clock.now();
      if (call[1] === "heartbeat") this.#hear(connection, call[2] as Heartbeat);
      values.push(writes[call[1]]!(call[2], connection));
      if (call[1] === "settle") window.ended((call[2] as Settle).lease);
      for (const delivery of ledger.deliveries) deliveries.push(delivery);
      // The embedded broker gets them from here, so sending them over the socket would be pointless.
      if (publishes) ledger.deliveries.length = 0;
    }
    // Tasks handed out are claimed before they are saved, so that they are saved once.
    if (publishes) handOver.publish(deliveries);
    ledger.flush();
    handOver.refill(values);
    ledger.finish();
    this.#saveTime(clock.now());
    assertFileThere();
    ledger.sql.commit.run();
    return values;
  }

  #hear(connection: Connection, { id }: Heartbeat): void {
    const { queues, window } = this.#parts;
    // The end of this connection will show the end of that worker.
    connection.worker = id;
    if (!queues.workers.has(id)) window.back(id);
  }

  #undo(): void {
    const { ledger, recount } = this.#parts;
    try {
      ledger.sql.rollback.run();
    } catch {
      // SQLite has already rolled back, as it does when the disk is full.
    }
    ledger.rolledBack();
    recount();
  }
}

/** Reservations and calls of the broker: whatever they make room for is handed out in the same turn. */
function isInMemory(method: string): boolean {
  return method === "reserve" || method === "release" || method.startsWith("broker.");
}

async function answerLater(connection: Connection, id: number, value: Promise<unknown>): Promise<void> {
  try {
    connection.reply(["ok", id, await value]);
  } catch (error) {
    connection.reply(["error", id, wireError(error)]);
  }
  connection.send();
}
