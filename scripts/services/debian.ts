import { execFile } from "node:child_process";
import { access, readFile } from "node:fs/promises";
import { promisify } from "node:util";

const run = promisify(execFile);

/** Path of a program, or `null`. Debian installs servers outside the PATH of ordinary users. */
export async function find(program: string): Promise<string | null> {
  for (const folder of [...(process.env.PATH ?? "").split(":"), "/usr/sbin", "/usr/local/sbin", "/sbin"]) {
    if (folder && (await exists(`${folder}/${program}`))) return `${folder}/${program}`;
  }
  return null;
}

export async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}

/**
 * Installs Debian packages if permitted, or else says what to install. The packages' services need not start, because
 * we start our own servers if none responds.
 */
export function installPackages(packages: string[]): Promise<void> {
  // apt cannot run concurrently.
  last = last.catch(() => {}).then(() => install(packages));
  return last;
}

let last: Promise<void> = Promise.resolve();

async function install(packages: string[]): Promise<void> {
  const wanted = packages.join(" ");
  const debian = await exists("/usr/bin/apt-get");
  if (!debian || process.getuid?.() !== 0) {
    const how = debian ? `sudo apt-get install ${wanted}` : "or use `docker compose up -d`";
    throw new Error(`not installed: ${wanted} (${how})`);
  }
  process.stderr.write(`installing ${wanted} …\n`);
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
  await run("apt-get", ["update", "-qq"], { env }).catch(() => {});
  await run(
    "apt-get",
    ["install", "-qq", "-y", "--no-install-recommends", "-o", "DPkg::Lock::Timeout=120", ...packages],
    { env },
  );
}

/** Ids of the system user that a server requires instead of root. Empty if we are not root. */
export async function systemUser(name: string): Promise<{ uid?: number; gid?: number }> {
  if (process.getuid?.() !== 0) return {};
  const line = (await readFile("/etc/passwd", "utf8"))
    .split("\n")
    .find((entry) => entry.startsWith(`${name}:`));
  if (!line) throw new Error(`the system user ${name} is missing`);
  const [, , uid, gid] = line.split(":");
  return { uid: Number(uid), gid: Number(gid) };
}
