import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";

export type HostCommand =
  | { kind: "feed"; rate: number; ms: number; owners: number }
  | { kind: "take" }
  | { kind: "end" };

/** What a host has measured since the last report. */
export interface HostReport {
  waits: number[];
  ended: number;
  accepted: number;
  /** Number of calls that failed. */
  warnings: number;
}

export interface Hosts {
  send(command: HostCommand): void;
  /** Collects what all hosts have measured since the last call. */
  take(): Promise<HostReport>;
  end(): Promise<void>;
}

const program = fileURLToPath(new URL("./host.ts", import.meta.url));

/** Starts `count` simulated processes, at most `each` per real process. */
export async function startHosts(
  role: "api" | "worker",
  count: number,
  each: number,
  data: string,
  env: NodeJS.ProcessEnv,
): Promise<Hosts> {
  const children: ChildProcess[] = [];
  for (let left = count; left > 0; left -= each) {
    const args = [role, String(Math.min(each, left)), data];
    const child = fork(program, args, { env: { ...process.env, ...env }, serialization: "advanced" });
    children.push(child);
  }
  await Promise.all(children.map((child) => answer<"ready">(child)));

  return {
    send(command) {
      for (const child of children) child.send(command);
    },
    async take() {
      const reports = await Promise.all(
        children.map((child) => {
          const report = answer<HostReport>(child);
          child.send({ kind: "take" } satisfies HostCommand);
          return report;
        }),
      );
      const sum = (of: (report: HostReport) => number) => reports.reduce((all, one) => all + of(one), 0);
      return {
        waits: reports.flatMap((one) => one.waits),
        ended: sum((one) => one.ended),
        accepted: sum((one) => one.accepted),
        warnings: sum((one) => one.warnings),
      };
    },
    async end() {
      await Promise.all(
        children.map(async (child) => {
          if (child.exitCode !== null) return;
          const exited = once(child, "exit");
          child.send({ kind: "end" } satisfies HostCommand);
          await exited;
        }),
      );
    },
  };
}

async function answer<T>(child: ChildProcess): Promise<T> {
  const ended = once(child, "exit").then(([code]) => {
    throw new Error(`A host of simulated processes ended with ${code}.`);
  });
  const [message] = (await Promise.race([once(child, "message"), ended])) as [T];
  return message;
}
