import { SharedChildDied, type StepAttempt, type Suspect, type Suspects } from "../../engine/isolation.ts";
import { type SharedChild, startSharedChild } from "./shared-child.ts";
import type { StepSource } from "./spawn.ts";

/** Most processes for tasks whose process died: halves of its attempts, or one that killed a process before. */
const CLOSED_CELLS = 4;
/**
 * Delay before the open process starts. None, so that the tasks of a worker that died right after its start run again
 * within 2 s.
 */
const READY_AFTER_MS = 0;

/** A suspect's attempt, and the cell it is in. */
interface Member {
  cell: Cell;
}

/** One process, and the attempts in it. */
class Cell {
  readonly members = new Set<Member>();
  /** Resolves when its process is started. */
  readonly turn = Promise.withResolvers<void>();
  child: SharedChild | null = null;
  #entered = 0;

  /** More than one task has been here, so any of them may be what kills it. */
  get shared(): boolean {
    return this.#entered > 1;
  }

  enter(member: Member): void {
    member.cell = this;
    this.members.add(member);
    this.#entered++;
  }
}

/**
 * Keeps one open process ready for all new suspects: on a busy machine starting one takes seconds, and one per suspect
 * would hold up all of them. When it dies, two closed processes follow, each for half of its members.
 */
export function suspectPool(from: StepSource): Suspects {
  const alive = new Set<SharedChild>();
  let open: Cell | null = null;
  let closed = false;
  /** Closed cells that wait for their turn. */
  const waiting: Cell[] = [];
  let closedCells = 0;
  let timer = setTimeout(openCell, READY_AFTER_MS).unref();

  function openCell(): Cell {
    clearTimeout(timer);
    if (open) return open;
    open = new Cell();
    start(open);
    return open;
  }

  function start(cell: Cell): void {
    const child = startSharedChild(from, (started) => {
      alive.delete(child);
      if (cell === open) {
        open = null;
        // If it could not be started, the next suspect tries again.
        if (started && !closed) timer = setTimeout(openCell, READY_AFTER_MS).unref();
      } else {
        closedCells--;
        startWaiting();
      }
      if (started && cell.shared) divide(cell);
    });
    alive.add(child);
    cell.child = child;
    cell.turn.resolve();
  }

  function startWaiting(): void {
    while (closedCells < CLOSED_CELLS && waiting.length > 0) {
      closedCells++;
      start(waiting.shift()!);
    }
  }

  function divide({ members }: Cell): void {
    const all = [...members];
    members.clear();
    const middle = Math.ceil(all.length / 2);
    for (const half of [all.slice(0, middle), all.slice(middle)]) if (half.length > 0) close(half);
  }

  /** Queues a process for exactly these members. */
  function close(members: Member[]): void {
    const cell = new Cell();
    for (const member of members) cell.enter(member);
    waiting.push(cell);
    startWaiting();
  }

  function leave(member: Member): void {
    const { cell } = member;
    cell.members.delete(member);
    if (cell.members.size > 0 || cell === open) return;
    if (cell.child) cell.child.kill();
    else waiting.splice(waiting.indexOf(cell), 1);
  }

  return {
    async run({ deaths, signal }: Suspect, attempt) {
      const member = {} as Member;
      if (deaths > 0) close([member]);
      else openCell().enter(member);
      try {
        for (;;) {
          const { cell } = member;
          await turnOf(cell, signal);
          try {
            return await attempt((parts) => runIn(cell, member, parts));
          } catch (error) {
            if (!(error instanceof SharedChildDied)) throw error;
          }
        }
      } finally {
        leave(member);
      }
    },
    async close() {
      closed = true;
      clearTimeout(timer);
      const ending = [...alive];
      for (const child of ending) child.kill();
      await Promise.all(ending.map((child) => child.ended));
    },
  };
}

/** Resolves when the cell may run attempts, or when the signal is aborted. */
function turnOf({ turn }: Cell, signal: AbortSignal): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  if (signal.aborted) resolve();
  signal.addEventListener("abort", () => resolve(), { once: true });
  void turn.promise.then(resolve);
  return promise;
}

async function runIn(cell: Cell, member: Member, attempt: StepAttempt): Promise<unknown> {
  attempt.signal.throwIfAborted();
  try {
    if (member.cell === cell) return await cell.child!.run(attempt);
  } catch (error) {
    if (member.cell === cell) throw error;
  }
  throw new SharedChildDied();
}
