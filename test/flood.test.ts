import { expect, test } from "vitest";
import { floodOf } from "./attack/flood.ts";

// `npm run attack` sends 50 of each, three times as large, with three times the memory.
test.runIf(process.platform === "linux")(
  "large pictures of few bytes have together no more in memory than all steps may",
  { timeout: 600_000 },
  async () => {
    const small = { count: 3, side: 4_000, frames: 200, memoryMiB: 400 };
    expect(await floodOf(small)).toEqual({ tries: 9, findings: [] });
  },
);
