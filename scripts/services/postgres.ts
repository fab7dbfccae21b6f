import { execFile } from "node:child_process";
import { chmod, chown, mkdir, readdir } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { exists, find, installPackages, systemUser } from "./debian.ts";
import type { Service } from "./service.ts";

const run = promisify(execFile);

export const postgres: Service = {
  name: "postgres",
  variable: "MILLRACE_TEST_POSTGRES",
  urls: ["postgres://postgres@127.0.0.1:5432/postgres", "postgres://postgres@127.0.0.1:15432/postgres"],

  async answers(url) {
    const { default: pg } = await import("pg");
    const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 1_000 });
    client.on("error", () => {});
    try {
      await client.connect();
      await client.query("select 1");
      return true;
    } catch {
      return false;
    } finally {
      await client.end().catch(() => {});
    }
  },

  async install() {
    if (!(await programs())) await installPackages(["postgresql"]);
  },

  async command(url, folder, isDurable = true) {
    const bin = await programs();
    if (!bin) throw new Error("initdb was not found");
    const data = join(folder, "data");
    // The server refuses to run as root.
    const user = await systemUser("postgres");
    if (!(await exists(join(data, "PG_VERSION")))) {
      await mkdir(data, { recursive: true });
      if (user.uid !== undefined) await chown(data, user.uid, user.gid!);
      await chmod(data, 0o700);
      await run(join(bin, "initdb"), ["-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8"], user);
    }
    const settings = {
      listen_addresses: "127.0.0.1",
      port: new URL(url).port,
      unix_socket_directories: "",
      max_connections: "200",
      ...(isDurable ? {} : { fsync: "off", full_page_writes: "off" }),
    };
    const args = Object.entries(settings).flatMap(([name, value]) => ["-c", `${name}=${value}`]);
    return { program: join(bin, "postgres"), args: ["-D", data, ...args], ...user };
  },
};

/** Folder with `initdb` and `postgres`. Debian has one per version, of which this returns the newest. */
async function programs(): Promise<string | null> {
  const versions = await readdir("/usr/lib/postgresql").catch(() => []);
  const newest = versions
    .map(Number)
    .filter(Boolean)
    .sort((a, b) => b - a)[0];
  if (newest && (await exists(`/usr/lib/postgresql/${newest}/bin/initdb`)))
    return `/usr/lib/postgresql/${newest}/bin`;
  return (await find("initdb"))?.replace(/\/initdb$/, "") ?? null;
}
