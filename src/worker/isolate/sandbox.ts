import { execFile } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { promisify } from "node:util";

const run = promisify(execFile);
const PROBE_MS = 5_000;
/** The lowest priority, compared with other processes of the session. */
const NICE = 19;
/** Priority of the whole session: higher, because work unrelated to Millrace must not starve a step. */
const SESSION_NICE = 15;
/**
 * Added to the memory limit, so that the watcher notices first. The system's limit catches growth that is faster than
 * the watcher.
 */
const SLACK_MIB = 64;

/** What the operating system enforces on step processes here. */
export interface Sandbox {
  /** Command prefix that cuts the process off from the network; `null` if that is not possible. */
  noNetwork: readonly string[] | null;
  /** Whether allocations beyond the limit fail. Otherwise only the resident size is watched. */
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
  // Root needs no user namespace; other users get one in which they keep their own id.
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

/** Text for the log and the doctor. */
export function describeSandbox({ noNetwork, limitsMemory }: Sandbox): string {
  const memory = limitsMemory
    ? "memory limited by the system"
    : "memory monitored but not limited by the system";
  return `${memory}, ${noNetwork ? "no network" : "network not isolated"}`;
}

/** The whole command line of a step process. */
export function launchLine(sandbox: Sandbox, command: readonly string[]): [string, ...string[]] {
  const nice = process.platform === "win32" ? [] : ["nice", "-n", String(NICE)];
  return [...(sandbox.noNetwork ?? []), ...nice, ...command] as [string, ...string[]];
}

/**
 * Applied after the launch. Processes of a session share one place in the scheduler, which has its own priority. When
 * the machine runs out of memory, a step process is killed first.
 */
export async function lowerFurther(pid: number): Promise<void> {
  const settings = [
    ["autogroup", String(SESSION_NICE)],
    ["oom_score_adj", "1000"],
  ] as const;
  for (const [file, value] of settings) await writeFile(`/proc/${pid}/${file}`, value).catch(() => {});
}

/** A killed process needs CPU time to exit, and only then frees its memory. */
export function raiseToEnd(pid: number): void {
  writeFile(`/proc/${pid}/autogroup`, "0").catch(() => {});
}

/**
 * Limits what the process may still allocate. RLIMIT_DATA counts only private writable memory, so unlike RLIMIT_AS it
 * ignores the address space that V8 and WebAssembly reserve. What the runtime has mapped so far, most of it never
 * touched, is added on top.
 */
export async function limitMemory(pid: number, memoryMiB: number, mappedBytes: number): Promise<void> {
  const bytes = mappedBytes + (memoryMiB + SLACK_MIB) * 1024 * 1024;
  await run("prlimit", ["--pid", String(pid), `--data=${bytes}:${bytes}`], { timeout: PROBE_MS });
}
