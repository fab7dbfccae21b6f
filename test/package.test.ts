import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { access, mkdir, mkdtemp, readdir, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";

const run = promisify(execFile);
const root = join(import.meta.dirname, "..");
const manifest = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as {
  version: string;
  dependencies: Record<string, string>;
};
let project = "";
let packed: string[] = [];

// An empty project with the package as npm would unpack it, and nothing beside it but its dependencies.
beforeAll(async () => {
  project = await mkdtemp(join(tmpdir(), "millrace-package-"));
  await run(process.execPath, ["scripts/build.js", "--without-page"], { cwd: root });
  const args = ["pack", "--json", "--ignore-scripts", "--pack-destination", project];
  const { stdout } = await run("npm", args, { cwd: root });
  const [{ filename, files }] = Object.values(JSON.parse(stdout)) as [
    { filename: string; files: { path: string }[] },
  ];
  packed = files.map((file) => file.path);
  const installed = join(project, "node_modules", "millrace");
  await mkdir(installed, { recursive: true });
  await run("tar", ["-xzf", join(project, filename), "-C", installed, "--strip-components=1"]);
  for (const name of Object.keys(manifest.dependencies)) {
    const link = join(project, "node_modules", name);
    await mkdir(dirname(link), { recursive: true });
    await symlink(join(root, "node_modules", name), link);
  }
});
afterAll(() => rm(project, { recursive: true, force: true }));

test("the package holds what was built, and no sources or tests", () => {
  expect(packed).toEqual(
    expect.arrayContaining(["bin/millrace.js", "dist/cli/main.js", "dist/compose/index.d.ts", "LICENSE"]),
  );
  expect(packed.filter((path) => /\.test\.|^(src|test|scripts|bench)\//.test(path))).toEqual([]);
  expect(packed.filter((path) => path.endsWith(".ts") && !path.endsWith(".d.ts"))).toEqual([]);
});

test("the command runs, and keeps what was compiled where it can", async () => {
  const installed = join(project, "node_modules", "millrace");
  const { NODE_COMPILE_CACHE, ...env } = process.env;
  const version = async () => {
    const args = [join(installed, "bin", "millrace.js"), "--version"];
    const { stdout, stderr } = await run(process.execPath, args, { cwd: project, env });
    expect(stderr).toBe("");
    return stdout.trim();
  };
  const kept = join(installed, ".compiled");
  await writeFile(kept, "in the way");
  expect(await version()).toBe(manifest.version);
  await rm(kept);
  expect(await version()).toBe(manifest.version);
  expect(await readdir(kept, { recursive: true })).not.toEqual([]);
  expect(await version()).toBe(manifest.version);
});

test("the library can be imported, with its types", async () => {
  const script = 'import { definePipeline } from "millrace"; console.log(typeof definePipeline)';
  const args = ["--input-type=module", "--eval", script];
  const { stdout } = await run(process.execPath, args, { cwd: project });
  expect(stdout.trim()).toBe("function");
  await access(join(project, "node_modules", "millrace", "dist", "compose", "index.d.ts"));
});
