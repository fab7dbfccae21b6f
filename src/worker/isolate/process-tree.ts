import { readdirSync, readFileSync } from "node:fs";

/** The running children of a process. */
export function childrenOf(pid: number): number[] {
  try {
    // Each thread has its own list.
    const threads = readdirSync(`/proc/${pid}/task`);
    const lists = threads.map((thread) => readFileSync(`/proc/${pid}/task/${thread}/children`, "latin1"));
    return lists.flatMap((list) =>
      list
        .split(" ")
        .filter((text) => text !== "")
        .map(Number),
    );
  } catch {
    // It has ended, or the kernel does not list them.
    return [];
  }
}
