import { access, constants, mkdtemp, rm, stat, statfs } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { pageFolder } from "../../compose/package-folders.ts";
import { bytes } from "../amounts.ts";
import { type Check, failed, messageOf, ok, warn } from "./check.ts";

const NODE_MAJOR = 24;
/** Below the first, uploads are rejected. Below the second, they soon may be. */
const LEAST_FREE = 256 * 1024 * 1024;
const LITTLE_FREE = 2 * 1024 * 1024 * 1024;

export function checkNode(): Check {
  const major = Number(process.versions.node.split(".")[0]);
  return major >= NODE_MAJOR
    ? ok("node", `${process.version} (${process.execPath})`)
    : failed("node", `${process.version} is too old`, `Install Node ${NODE_MAJOR}: https://nodejs.org`);
}

/** Converts one pixel, to check that the library is installed and works on this system. */
export async function checkSharp(): Promise<Check> {
  try {
    const { default: sharp } = await import("sharp");
    const pixel = sharp({ create: { width: 1, height: 1, channels: 3, background: "#000" } });
    await pixel.webp().toBuffer();
    return ok("images", `sharp ${sharp.versions.sharp}, libvips ${sharp.versions.vips}`);
  } catch (error) {
    const advice = "Run `npm ci` again on this machine. sharp installs a library for each system.";
    return failed("images", `sharp cannot be used: ${messageOf(error).split("\n")[0]}`, advice);
  }
}

export function checkPage(): Check {
  return pageFolder()
    ? ok("page", "built")
    : warn("page", "not built: `millrace start` serves only the API", "Run `npm run build`.");
}

export async function checkTemporaryFolder(): Promise<Check> {
  try {
    await rm(await mkdtemp(join(tmpdir(), "millrace-doctor-")), { recursive: true });
  } catch (error) {
    return failed("temp folder", messageOf(error), "Make it writable, or choose another with TMPDIR.");
  }
  return roomIn("temp folder", tmpdir(), "Free some space, or choose another folder with TMPDIR.");
}

/** Whether a folder is writable, or can be created. */
export async function checkDataFolder(folder: string): Promise<Check> {
  const name = "data folder";
  const present = await nearestPresent(folder);
  if (!(await stat(present)).isDirectory()) {
    return failed(name, `${present} is not a folder`, "Choose another with --data or MILLRACE_DATA.");
  }
  try {
    await access(present, constants.R_OK | constants.W_OK | constants.X_OK);
  } catch {
    const advice = "Change its owner or mode, or choose another with --data or MILLRACE_DATA.";
    return failed(name, `${present} cannot be written to`, advice);
  }
  const room = await roomIn(name, present, "Free some space, or choose another with MILLRACE_DATA.");
  if (room.status !== "ok") return room;
  const note = present === folder ? "" : " (created at the first start)";
  return ok(name, `${folder}${note}, ${room.message.split(", ").at(-1)}`);
}

async function roomIn(name: string, folder: string, advice: string): Promise<Check> {
  const { bavail, bsize } = await statfs(folder);
  const free = bavail * bsize;
  const message = `${folder}, ${bytes(free)} free`;
  if (free < LEAST_FREE) return failed(name, message, advice);
  return free < LITTLE_FREE ? warn(name, message, advice) : ok(name, message);
}

async function nearestPresent(folder: string): Promise<string> {
  for (let path = folder; ; path = dirname(path)) {
    const there = await access(path).then(
      () => true,
      () => false,
    );
    if (there || path === dirname(path)) return path;
  }
}
