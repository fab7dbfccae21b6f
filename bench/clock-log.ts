import { appendFileSync, existsSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";

/** The clock that all processes of a machine share, in nanoseconds since boot. */
export function clock(): number {
  return Number(process.hrtime.bigint());
}

/** Steps call this first. It records how long ago, in ms, the job was requested. */
export function noteStart(askedAt: number): void {
  const file = process.env.BENCH_START_LOG;
  if (file) appendFileSync(file, `${(clock() - askedAt) / 1e6}\n`);
}

export function readStarts(file: string): number[] {
  return readFileSync(file, "utf8").split("\n").filter(Boolean).map(Number);
}

/** Steps call this last. */
export function noteEnd(jobId: string): void {
  const file = process.env.BENCH_END_LOG;
  if (file) appendFileSync(file, `${jobId} ${clock()}\n`);
}

/** When each job reported its end, by the shared clock. */
export function readEnds(file: string): Map<string, number> {
  const lines = readFileSync(file, "utf8").split("\n").filter(Boolean);
  return new Map(
    lines.map((line) => {
      const [jobId, at] = line.split(" ");
      return [jobId!, Number(at)];
    }),
  );
}

/** Releases everyone waiting for the signal, in any process. */
export function giveStartSignal(file: string): void {
  writeFileSync(`${file}.new`, String(Date.now()));
  renameSync(`${file}.new`, file);
}

let signal: Promise<number> | null = null;

/** Waits for the start signal. @returns when it was given, in ms since the epoch */
export function startSignal(): Promise<number> {
  signal ??= (async () => {
    const file = process.env.BENCH_START_SIGNAL!;
    while (!existsSync(file)) await sleep(20);
    return Number(readFileSync(file, "utf8"));
  })();
  return signal;
}
