import type { ProblemCode } from "../api/problem.ts";

export interface ProblemWords {
  title: string;
  /** What the user can do about it. */
  advice?: string;
}

/** Texts for problem codes. For a code without an entry, the server's title is shown. */
export type Words = Partial<Record<ProblemCode, ProblemWords>> &
  Record<"network" | "unexpected", ProblemWords>;
