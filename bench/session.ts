import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { join } from "node:path";

/** What a benchmark may use while it runs; everything is removed when it ends. */
export interface Session {
  /** Whether to run a quick check instead of a measurement. */
  readonly quick: boolean;
  /** An empty folder on the repository's disk. */
  readonly folder: string;
  /** Prints progress to standard error. */
  say(text: string): void;
  /** Calls `end` when the benchmark ends, in reverse order of registration. */
  onEnd(end: () => Promise<unknown> | unknown): void;
}

const root = join(import.meta.dirname, "data.tmp");

/** Runs `work` with a session, and cleans up however it ends, including by Ctrl+C. */
export async function withSession<T>(quick: boolean, work: (session: Session) => Promise<T>): Promise<T> {
  await mkdir(root, { recursive: true });
  const folder = await mkdtemp(join(root, "run-"));
  const ends: (() => Promise<unknown> | unknown)[] = [];
  let ending: Promise<void> | null = null;
  const end = () => {
    ending ??= (async () => {
      for (const one of ends.reverse())
        await Promise.resolve(one()).catch((error: Error) => console.error(error));
      await rm(folder, { recursive: true, force: true });
    })();
    return ending;
  };
  const interrupt = () => void end().then(() => process.exit(130));
  process.once("SIGINT", interrupt);
  process.once("SIGTERM", interrupt);
  try {
    return await work({
      quick,
      folder,
      say: (text) => process.stderr.write(`  ${text}\n`),
      onEnd: (one) => ends.push(one),
    });
  } finally {
    await end();
    process.off("SIGINT", interrupt);
    process.off("SIGTERM", interrupt);
  }
}
