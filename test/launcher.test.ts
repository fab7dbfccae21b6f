import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { createInterface } from "node:readline";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";

const oldNode = findOldNode();
let root = "";

/** A command line that prints its process id, and shuts down cleanly a moment after SIGTERM. */
const main = `
if (process.argv[2] === "fail") process.exitCode = 7;
if (process.argv[2] === "serve" || process.argv[2] === "start") {
  const timer: NodeJS.Timeout = setInterval(() => {}, 1_000);
  process.on("SIGTERM", () => setTimeout(() => { console.log("drained"); clearInterval(timer); }, 100));
}
console.log(process.pid);
`;

// A separate checkout, because the test is only about the launcher.
beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), "millrace-launcher-"));
  for (const folder of ["bin", "src/cli", "node_modules/.bin"])
    mkdirSync(join(root, folder), { recursive: true });
  cpSync(join(import.meta.dirname, "..", "bin", "millrace.js"), join(root, "bin", "millrace.js"));
  writeFileSync(join(root, "package.json"), '{"type": "module"}');
  writeFileSync(join(root, "src", "cli", "main.ts"), main);
});
afterAll(() => rmSync(root, { recursive: true, force: true }));

describe("on a Node that is too old", () => {
  beforeEach((context) => context.skip(!oldNode, "no old Node on this machine to try it with"));

  test("the command says how to get a newer one", async () => {
    rmSync(join(root, "node_modules", ".bin", "node"), { force: true });
    const { child, output } = launch("fail");
    expect(await once(child, "close")).toEqual([1, null]);
    expect(output()).toMatch(
      /^millrace: Node 24 or newer is required, and this is v[\d.]+\. Run `npm ci`[^\n]*\n$/,
    );
  });

  test("outside of a checkout, it names a command that brings a newer one", async () => {
    rmSync(join(root, "node_modules", ".bin", "node"), { force: true });
    renameSync(join(root, "src"), join(root, "hidden"));
    try {
      const { child, output } = launch("fail");
      expect(await once(child, "close")).toEqual([1, null]);
      expect(output()).toMatch(/^millrace: Node 24 .*`npx -p node@24 -p millrace millrace`[^\n]*\n$/);
    } finally {
      renameSync(join(root, "hidden"), join(root, "src"));
    }
  });

  test("the command runs on the newer one beside it, and ends as it does", async () => {
    provideNode();
    const { child } = launch("fail");
    expect(await once(child, "exit")).toEqual([7, null]);
  });

  test("SIGTERM is handed on, and waited for", async () => {
    provideNode();
    const { child, output, pid } = launch("serve");
    await pid;
    child.kill("SIGTERM");
    expect(await once(child, "exit")).toEqual([0, null]);
    expect(output()).toContain("drained");
  });

  test("SIGKILL leaves no orphan", async () => {
    provideNode();
    const { child, pid } = launch("serve");
    const inner = await pid;
    expect(inner).not.toBe(child.pid);
    child.kill("SIGKILL");
    await expect.poll(() => isAlive(inner)).toBe(false);
  });
});

// The shell between npm and the server would keep the signal to itself.
test("SIGTERM to npm start stops the server, and npm waits for it", async () => {
  provideNode();
  const { scripts } = JSON.parse(readFileSync(join(import.meta.dirname, "..", "package.json"), "utf8"));
  const { start } = scripts as { start: string };
  writeFileSync(join(root, "package.json"), JSON.stringify({ type: "module", scripts: { start } }));
  const child = spawn("npm", ["start", "--silent"], { cwd: root, stdio: ["ignore", "pipe", "inherit"] });
  const lines = createInterface({ input: child.stdout });
  const [pid] = await once(lines, "line");
  child.kill("SIGTERM");
  expect(await once(lines, "line")).toEqual(["drained"]);
  await once(child, "close");
  expect(isAlive(Number(pid))).toBe(false);
});

function launch(word: string): { child: ChildProcess; output: () => string; pid: Promise<number> } {
  const child = spawn(oldNode!, [join(root, "bin", "millrace.js"), word], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  let output = "";
  child.stderr.on("data", (data: Buffer) => (output += data));
  const lines = createInterface({ input: child.stdout });
  lines.on("line", (line) => (output += `${line}\n`));
  return { child, output: () => output, pid: once(lines, "line").then(([line]) => Number(line)) };
}

function provideNode(): void {
  const link = join(root, "node_modules", ".bin", "node");
  if (!existsSync(link)) symlinkSync(process.execPath, link);
}

function findOldNode(): string | undefined {
  return (process.env.PATH ?? "")
    .split(delimiter)
    .map((folder) => join(folder, "node"))
    .filter((file) => existsSync(file))
    .find((file) => Number(execFileSync(file, ["--version"], { encoding: "utf8" }).slice(1, 3)) < 24);
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
