import type { ProblemCode } from "../api/problem.ts";

export interface ProblemWords {
  title: string;
  /** What the reader can do about it. */
  advice?: string;
}

/** Words for problem codes. A code without an entry is shown with the server's own title. */
export type Words = Partial<Record<ProblemCode, ProblemWords>> &
  Record<"network" | "unexpected", ProblemWords>;
