import { mkdtemp, readdir, rm } from "node:fs/promises";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";

/** The prefix names the host: containers may share a folder for temporary files, but not their process ids. */
const HOST = `millrace-step-${hostname().replaceAll(/[^A-Za-z0-9.]/g, "")}-`;

/** A folder for the files of one attempt, private to this process. */
export function newStepFolder(): Promise<string> {
  return mkdtemp(join(tmpdir(), `${HOST}${process.pid}-`));
}

/** Removes folders left behind by dead processes of this machine. */
export async function removeAbandonedFolders(): Promise<void> {
  const names = await readdir(tmpdir()).catch(() => []);
  const abandoned = names.filter((name) => {
    const pid = name.startsWith(HOST) && /^(\d+)-\w+$/.exec(name.slice(HOST.length))?.[1];
    return pid && hasEnded(Number(pid));
  });
  for (const name of abandoned)
    await rm(join(tmpdir(), name), { recursive: true, force: true }).catch(() => {});
}

function hasEnded(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return false;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "ESRCH";
  }
}
