import { execFile } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { promisify } from "node:util";

const run = promisify(execFile);
const PROBE_MS = 5_000;
/** Least urgent of all, beside other processes of one session. */
const NICE = 19;
/** Of a whole session beside others: work that has nothing to do with Millrace must not starve a step. */
const SESSION_NICE = 15;
/** Beyond the ceiling: what the watcher sees first. The system's limit is for what grows faster than it looks. */
const SLACK_MIB = 64;

/** What the operating system enforces on step processes here. */
export interface Sandbox {
  /** Words before the command that cut it off from the network; `null` where that is not possible. */
  noNetwork: readonly string[] | null;
  /** Whether allocations beyond the ceiling fail. Otherwise only the resident size is watched. */
  limitsMemory: boolean;
}

/** Finds out what works on this machine and for this user. */
export async function findSandbox(): Promise<Sandbox> {
  if (process.platform !== "linux") return { noNetwork: null, limitsMemory: false };
  const works = (command: string, ...args: string[]) =>
    run(command, args, { timeout: PROBE_MS }).then(
      () => true,
      () => false,
    );
  // Root needs no user namespace; others get one in which they remain themselves.
  const ways = [
    ["unshare", "--net"],
    ["unshare", "--user", "--map-current-user", "--net"],
  ];
  let noNetwork: readonly string[] | null = null;
  for (const [command, ...args] of ways) {
    if (noNetwork === null && (await works(command!, ...args, "true"))) noNetwork = [command!, ...args];
  }
  return { noNetwork, limitsMemory: await works("prlimit", "--version") };
}

/** In words, for the log and the doctor. */
export function describeSandbox({ noNetwork, limitsMemory }: Sandbox): string {
  const memory = limitsMemory ? "memory limited by the system" : "memory only watched";
  return `${memory}, ${noNetwork ? "no network" : "network not cut off"}`;
}

/** The whole command line of a step process. */
export function launchLine(sandbox: Sandbox, command: readonly string[]): [string, ...string[]] {
  const nice = process.platform === "win32" ? [] : ["nice", "-n", String(NICE)];
  return [...(sandbox.noNetwork ?? []), ...nice, ...command] as [string, ...string[]];
}

/**
 * After the launch. Processes of a session share one place in the scheduler, which has a priority of its own; and
 * when the machine's memory is spent, a step process is ended before anything else.
 */
export async function lowerFurther(pid: number): Promise<void> {
  const settings = [
    ["autogroup", String(SESSION_NICE)],
    ["oom_score_adj", "1000"],
  ] as const;
  for (const [file, value] of settings) await writeFile(`/proc/${pid}/${file}`, value).catch(() => {});
}

/** One that is killed needs a processor to end on, and frees its memory then. */
export function raiseToEnd(pid: number): void {
  writeFile(`/proc/${pid}/autogroup`, "0").catch(() => {});
}

/**
 * Sets the ceiling on what the process may still allocate. RLIMIT_DATA counts private writable memory alone: unlike
 * RLIMIT_AS it spares the reservations of V8 and WebAssembly. What the runtime has mapped by now, most of it never
 * touched, comes on top.
 */
export async function limitMemory(pid: number, memoryMiB: number, mappedBytes: number): Promise<void> {
  const bytes = mappedBytes + (memoryMiB + SLACK_MIB) * 1024 * 1024;
  await run("prlimit", ["--pid", String(pid), `--data=${bytes}:${bytes}`], { timeout: PROBE_MS });
}
