import { closeSync, readdirSync, readlinkSync } from "node:fs";

const OWN = "/proc/self/fd";
/** Standard input, output and error, and the channel to the worker. */
const KEPT = 4;

/**
 * Closes the files and sockets that some part of the worker had opened without `O_CLOEXEC`. Call it before anything is
 * loaded: what Node itself has open by then is neither a socket nor a regular file.
 */
export function closeInherited(): void {
  for (const fd of descriptors()) {
    if (fd >= KEPT && /^socket:|^\/(?!dev\/)/.test(targetOf(fd))) closeSync(fd);
  }
}

function descriptors(): number[] {
  try {
    return readdirSync(OWN).map(Number);
  } catch {
    // Not Linux.
    return [];
  }
}

function targetOf(fd: number): string {
  try {
    return readlinkSync(`${OWN}/${fd}`);
  } catch {
    // The descriptor that was used to list them.
    return "";
  }
}
