import { appendFileSync, existsSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";

/** The clock that all processes of a machine share, in nanoseconds since it booted. */
export function clock(): number {
  return Number(process.hrtime.bigint());
}

/** Called first thing by what runs: writes down how long ago (ms) it was asked for. */
export function noteStart(askedAt: number): void {
  const file = process.env.BENCH_START_LOG;
  if (file) appendFileSync(file, `${(clock() - askedAt) / 1e6}\n`);
}

export function readStarts(file: string): number[] {
  return readFileSync(file, "utf8").split("\n").filter(Boolean).map(Number);
}

/** Called last thing by what runs. */
export function noteEnd(jobId: string): void {
  const file = process.env.BENCH_END_LOG;
  if (file) appendFileSync(file, `${jobId} ${clock()}\n`);
}

/** When each job said that it ended, by the shared clock. */
export function readEnds(file: string): Map<string, number> {
  const lines = readFileSync(file, "utf8").split("\n").filter(Boolean);
  return new Map(
    lines.map((line) => {
      const [jobId, at] = line.split(" ");
      return [jobId!, Number(at)];
    }),
  );
}

/** Lets all who wait begin, in whatever process they are. */
export function giveStartSignal(file: string): void {
  writeFileSync(`${file}.new`, String(Date.now()));
  renameSync(`${file}.new`, file);
}

let signal: Promise<number> | null = null;

/** When the start signal was given, ms since the epoch; resolves soon after. */
export function startSignal(): Promise<number> {
  signal ??= (async () => {
    const file = process.env.BENCH_START_SIGNAL!;
    while (!existsSync(file)) await sleep(20);
    return Number(readFileSync(file, "utf8"));
  })();
  return signal;
}
